import { splitList } from '../../../kit/list.ts'
import type { FormerDomain } from '../../../templates/route.ts'
import type { ServerSettings } from '../../../templates/server-settings.ts'

/** How clients reach the gateway. */
export interface GatewayAddress {
  domain: string
  /** Ports of the edge. */
  httpPort: number
  httpsPort: number
  /** Names that it had before and that still answer. */
  formerDomains?: readonly FormerDomain[]
  /** The edge must not ask for a certificate now: the last attempts have failed. */
  isCertificateHeld?: boolean
  /** Its certificate comes from the owner: the edge asks for none. */
  hasOwnCertificate?: boolean
  /** For completions of the built-in model; null when the gateway asks for no key. */
  apiKey: string | null
}

/** @param apiKeys value of API_KEYS */
export function gatewayAddress(settings: ServerSettings, apiKeys: string | undefined): GatewayAddress {
  const { domain, httpPort, httpsPort } = settings
  return { domain, httpPort, httpsPort, apiKey: splitList(apiKeys)[0] ?? null }
}

export function gatewayUrl({ domain, httpsPort }: Pick<GatewayAddress, 'domain' | 'httpsPort'>): string {
  return httpsPort === 443 ? `https://${domain}` : `https://${domain}:${httpsPort}`
}
