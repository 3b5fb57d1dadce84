import { type GatewayConfig, toProviderOptions } from '../../kit/gateway-config/config-file.ts'
import { splitList } from '../../kit/list.ts'
import { KEYED_PROVIDER_NAMES, type KeyedProvider } from '../../kit/providers.ts'
import type { GatewaySettings } from '../settings.ts'
import { anthropic } from './anthropic.ts'
import { OPENAI_HEADERS } from './client-headers.ts'
import { echo } from './echo.ts'
import { gemini } from './gemini/gemini.ts'
import { HttpProvider } from './http-provider.ts'
import { openAi } from './openai.ts'
import { openRouter } from './openrouter.ts'
import type { KeyedProviderSettings, Provider } from './provider.ts'
import { reachOf } from './reach.ts'

/** A keyed provider that is missing here is a compile error. */
const MAKERS: Record<KeyedProvider, (settings: KeyedProviderSettings) => Provider> = {
  openrouter: openRouter,
  gemini,
  openai: openAi,
  anthropic,
}

/**
 * Makes every provider, whether its key is set or not, by name: the built-in ones and those of config.yml.
 * @throws UserError CONFIG_INVALID
 */
export function createProviders(
  settings: GatewaySettings,
  { providers: added, providerOptions }: Pick<GatewayConfig, 'providers' | 'providerOptions'>,
): Map<string, Provider> {
  const wayTo = (name: string, baseUrl: string) => {
    const options = providerOptions[name] ?? toProviderOptions({})
    return { options, reach: reachOf(baseUrl, options, settings) }
  }
  const providers: Provider[] = [
    echo,
    ...KEYED_PROVIDER_NAMES.map((name) => {
      const own = settings.providers[name]
      return MAKERS[name]({ ...own, ...wayTo(name, own.baseUrl) })
    }),
    ...Object.entries(added).map(
      ([name, entry]) =>
        new HttpProvider({
          name,
          ...wayTo(name, entry.baseUrl),
          baseUrl: entry.baseUrl,
          apis: entry.apis,
          keys: splitList(settings.environment[entry.keyVariable]),
          keyVariable: entry.keyRequired ? entry.keyVariable : undefined,
          clientHeaders: OPENAI_HEADERS,
          keyHeader: () => entry.keyHeader,
          headers: entry.headers,
        }),
    ),
  ]
  return new Map(providers.map((provider) => [provider.name, provider]))
}
