import { isIP } from 'node:net'
import { parse } from 'yaml'
import { isObject } from '../kit/json.ts'
import { UI_CONTAINER } from './release-ui.ts'
import { renderYaml } from './yaml.ts'

/** A name that the gateway had before, which still answers. */
export interface FormerDomain {
  domain: string
  /** It answers until then at least, in seconds since 1970. */
  untilS: number
}

export interface Route {
  domain: string
  /** Instance that answers; null for none: without a canary the edge gets a certificate then, and answers with 503. */
  live: string | null
  formerDomains?: readonly FormerDomain[]
  /** Traefik asks for no certificate. */
  isCertificateHeld?: boolean
  /** The owner gives the certificate: Traefik asks for none. */
  hasOwnCertificate?: boolean
  /** Instance that answers requests which carry the token in the canary header. */
  canary?: { instance: string; token: string; header: string }
}

const RESOLVER = 'letsencrypt'
const CANARY_PRIORITY = 1000

/** The dynamic configuration of the edge: replacing it by a rename moves all new requests at once. */
export function renderRoute(
  { domain, live, formerDomains = [], isCertificateHeld = false, hasOwnCertificate = false, canary }: Route,
  port: number,
): string {
  const host = hostRule(domain)
  const isAsking = !isCertificateHeld && !hasOwnCertificate
  const isAddress = isIP(domain) !== 0
  const tls = isAsking && !isAddress ? { certResolver: RESOLVER } : {}
  const router = { entryPoints: ['websecure'], middlewares: ['retry'], tls }
  const isWaiting = live === null && canary === undefined
  const service = (instance: string) => ({
    loadBalancer: { servers: [{ url: `http://ai-proxy-${instance}:${port}` }] },
  })
  const rule = canary && `${host} && Header(\`${canary.header}\`, \`${canary.token}\`)`
  return renderYaml({
    ...(isAsking && isAddress && { tls: addressStore(domain) }),
    http: {
      routers: {
        ...(live !== null && {
          app: { ...router, rule: host, service: 'app' },
          ...formerRouters(formerDomains, router),
        }),
        ...(canary && { canary: { ...router, rule, priority: CANARY_PRIORITY, service: 'canary' } }),
        ...(isWaiting && { waiting: { ...router, rule: host, service: 'waiting' } }),
      },
      services: {
        ...(live !== null && { app: service(live) }),
        ...(canary && { canary: service(canary.instance) }),
        ...(isWaiting && { waiting: { loadBalancer: { servers: [] } } }),
      },
      middlewares: {
        // Traefik repeats a request only if no byte of it was sent: a refused connection, nothing else.
        retry: { retry: { attempts: 3, initialInterval: '100ms' } },
      },
    },
  })
}

/** Clients that call an address send no name, and get the default certificate: so that is the one of the address. */
function addressStore(address: string) {
  return { stores: { default: { defaultGeneratedCert: { resolver: RESOLVER, domain: { main: address } } } } }
}

function hostRule(domain: string): string {
  return `Host(\`${domain}\`)`
}

/** Their names keep the time, so that the route file is the only place that knows it. */
function formerRouters(domains: readonly FormerDomain[], router: object): Record<string, object> {
  const entries = domains.map(({ domain, untilS }, index) => [
    `former-${index + 1}-${untilS}`,
    { ...router, rule: hostRule(domain), service: 'app' },
  ])
  return Object.fromEntries(entries)
}

const DRAINING_PRIORITY = 900

/**
 * A second file next to the route file: each answer of the live instance says that its connection closes, so clients open a
 * new one. An edge that stops afterwards has no connection on which a request may be on its way.
 */
export function renderDraining(domains: readonly string[]): string {
  return renderYaml({
    http: {
      routers: {
        draining: {
          entryPoints: ['websecure'],
          middlewares: ['closing', 'retry'],
          // No resolver, so that Traefik asks for no certificate.
          tls: {},
          rule: domains.map(hostRule).join(' || '),
          priority: DRAINING_PRIORITY,
          service: 'app',
        },
      },
      middlewares: { closing: { headers: { customResponseHeaders: { Connection: 'close' } } } },
    },
  })
}

/** While the edge is replaced too. */
const UI_PRIORITY = 950
/**
 * While one UI takes the place of another nobody takes connections for about two seconds. A request waits for the next one
 * then: Traefik tries again after half a second, and later after up to a second, so eight seconds in all.
 */
const UI_RETRY = { attempts: 12, initialInterval: '500ms' }

/** A file next to the route file: it leads what is below /ui to the Logs UI. The route file asks for the certificate. */
export function renderUiRoute(domains: readonly string[], port: number): string {
  return renderYaml({
    http: {
      routers: {
        ui: {
          entryPoints: ['websecure'],
          middlewares: ['ui-retry'],
          tls: {},
          rule: `(${domains.map(hostRule).join(' || ')}) && (Path(\`/ui\`) || PathPrefix(\`/ui/\`))`,
          priority: UI_PRIORITY,
          service: 'ui',
        },
      },
      services: { ui: { loadBalancer: { servers: [{ url: `http://${UI_CONTAINER}:${port}` }] } } },
      middlewares: { 'ui-retry': { retry: UI_RETRY } },
    },
  })
}

/** A file next to the route file: Traefik asks for a missing certificate again when any of its files changes. */
export function renderAskAgain(at: Date): string {
  const name = `asked-${at.getTime()}`
  return renderYaml({ http: { middlewares: { [name]: { headers: { customRequestHeaders: { 'X-Asked': name } } } } } })
}

/** The instance that a route file sends requests to; null for a file that is not ours. */
export function liveInstance(route: string): string | null {
  try {
    const url: unknown = parse(route)?.http?.services?.app?.loadBalancer?.servers?.[0]?.url
    return typeof url === 'string' ? (/^http:\/\/ai-proxy-([\w-]+):\d+$/.exec(url)?.[1] ?? null) : null
  } catch {
    return null
  }
}

/** The domain that a route file answers for; null for a file that is not ours. */
export function routeDomain(route: string): string | null {
  return domainOf(routersOf(route)['app']) ?? null
}

/** Names that a route file still answers for. */
export function formerDomains(route: string): FormerDomain[] {
  return Object.entries(routersOf(route)).flatMap(([name, router]) => {
    const [, untilS] = /^former-\d+-(\d+)$/.exec(name) ?? []
    const domain = domainOf(router)
    return untilS === undefined || domain === undefined ? [] : [{ domain, untilS: Number(untilS) }]
  })
}

function routersOf(route: string): Record<string, unknown> {
  try {
    return { ...parse(route)?.http?.routers }
  } catch {
    return {}
  }
}

function domainOf(router: unknown): string | undefined {
  const rule = isObject(router) ? router['rule'] : undefined
  return typeof rule === 'string' ? /^Host\(`([^`]+)`\)$/.exec(rule)?.[1] : undefined
}
