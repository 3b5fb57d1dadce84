import type { ServerSettings } from '../../templates/server-settings.ts'

/** How clients reach the gateway. */
export interface GatewayAddress {
  domain: string
  /** Ports of the edge. */
  httpPort: number
  httpsPort: number
  /** For completions of the built-in model; null when the gateway asks for no key. */
  apiKey: string | null
}

/** @param apiKeys value of API_KEYS */
export function gatewayAddress(settings: ServerSettings, apiKeys: string | undefined): GatewayAddress {
  const { domain, httpPort, httpsPort } = settings
  return { domain, httpPort, httpsPort, apiKey: firstKey(apiKeys ?? '') }
}

export function gatewayUrl({ domain, httpsPort }: Pick<GatewayAddress, 'domain' | 'httpsPort'>): string {
  return httpsPort === 443 ? `https://${domain}` : `https://${domain}:${httpsPort}`
}

/** @param apiKeys value of API_KEYS */
export function firstKey(apiKeys: string): string | null {
  const keys = apiKeys.split(',').map((key) => key.trim())
  return keys.find((key) => key !== '') ?? null
}
