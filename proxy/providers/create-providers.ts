import type { GatewayConfig } from '../../kit/gateway-config/config-file.ts'
import { splitList } from '../../kit/list.ts'
import { KEYED_PROVIDER_NAMES, type KeyedProvider } from '../../kit/providers.ts'
import type { GatewaySettings, ProviderSettings } from '../settings.ts'
import { anthropic } from './anthropic.ts'
import { echo } from './echo.ts'
import { gemini } from './gemini/gemini.ts'
import { HttpProvider } from './http-provider.ts'
import { openAi } from './openai.ts'
import { openRouter } from './openrouter.ts'
import type { Provider } from './provider.ts'

/** A keyed provider that is missing here is a compile error. */
const MAKERS: Record<KeyedProvider, (settings: ProviderSettings) => Provider> = {
  openrouter: openRouter,
  gemini,
  openai: openAi,
  anthropic,
}

/** Makes every provider, whether its key is set or not, by name: the built-in ones and those of config.yml. */
export function createProviders(settings: GatewaySettings, added: GatewayConfig['providers']): Map<string, Provider> {
  const providers: Provider[] = [
    echo,
    ...KEYED_PROVIDER_NAMES.map((name) => MAKERS[name](settings.providers[name])),
    ...Object.entries(added).map(
      ([name, entry]) =>
        new HttpProvider({
          name,
          baseUrl: entry.baseUrl,
          apis: entry.apis,
          keys: splitList(settings.environment[entry.keyVariable]),
          keyVariable: entry.keyRequired ? entry.keyVariable : undefined,
          keyHeader: () => entry.keyHeader,
          extraHeaders: () => entry.headers,
        }),
    ),
  ]
  return new Map(providers.map((provider) => [provider.name, provider]))
}
