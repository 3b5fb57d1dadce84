import type { GatewaySettings } from '../settings.ts'
import { echo } from './echo.ts'
import { gemini } from './gemini.ts'
import { openRouter } from './openrouter.ts'
import type { Provider } from './provider.ts'

/** Every provider by its name, with or without a key. */
export function createProviders(settings: GatewaySettings): Map<string, Provider> {
  return new Map([echo, openRouter(settings), gemini(settings)].map((provider) => [provider.name, provider]))
}
