import type { GatewayConfig } from '../../kit/gateway-config/config-file.ts'
import { type GatewaySettings, splitKeys } from '../settings.ts'
import { anthropic } from './anthropic.ts'
import { echo } from './echo.ts'
import { gemini } from './gemini.ts'
import { httpProvider } from './http-provider.ts'
import { openAi } from './openai.ts'
import { openRouter } from './openrouter.ts'
import type { Provider } from './provider.ts'

/** Every provider by its name, with or without a key: the built-in ones and those of config.yml. */
export function createProviders(settings: GatewaySettings, added: GatewayConfig['providers']): Map<string, Provider> {
  const { openrouter, gemini: google, openai, anthropic: claude } = settings.providers
  const providers: Provider[] = [
    echo,
    openRouter(openrouter),
    gemini(google),
    openAi(openai),
    anthropic(claude),
    ...Object.entries(added).map(([name, entry]) =>
      httpProvider({
        name,
        baseUrl: entry.baseUrl,
        apis: entry.apis,
        keys: splitKeys(settings.environment[entry.keyVariable]),
        keyVariable: entry.keyRequired ? entry.keyVariable : undefined,
        keyHeader: () => entry.keyHeader,
        extraHeaders: () => entry.headers,
      }),
    ),
  ]
  return new Map(providers.map((provider) => [provider.name, provider]))
}
