import { parse } from 'yaml'
import { renderYaml } from './yaml.ts'

export interface Route {
  domain: string
  /** Instance that answers; null for none: without a canary the edge gets a certificate then, and answers with 503. */
  live: string | null
  /** Instance that answers requests which carry the token in the canary header. */
  canary?: { instance: string; token: string; header: string }
}

const CANARY_PRIORITY = 1000

/** The dynamic configuration of the edge: replacing it by a rename moves all new requests at once. */
export function renderRoute({ domain, live, canary }: Route, port: number): string {
  const host = `Host(\`${domain}\`)`
  const router = { entryPoints: ['websecure'], middlewares: ['retry'], tls: { certResolver: 'letsencrypt' } }
  const isWaiting = live === null && canary === undefined
  const service = (instance: string) => ({
    loadBalancer: { servers: [{ url: `http://ai-proxy-${instance}:${port}` }] },
  })
  const rule = canary && `${host} && Header(\`${canary.header}\`, \`${canary.token}\`)`
  return renderYaml({
    http: {
      routers: {
        ...(live !== null && { app: { ...router, rule: host, service: 'app' } }),
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

const DRAINING_PRIORITY = 900

/**
 * A second file next to the route file: each answer of the live instance says that its connection closes, so clients open a
 * new one. An edge that stops afterwards has no connection on which a request may be on its way.
 */
export function renderDraining(domain: string): string {
  return renderYaml({
    http: {
      routers: {
        draining: {
          entryPoints: ['websecure'],
          middlewares: ['closing', 'retry'],
          // No resolver, so that Traefik asks for no certificate.
          tls: {},
          rule: `Host(\`${domain}\`)`,
          priority: DRAINING_PRIORITY,
          service: 'app',
        },
      },
      middlewares: { closing: { headers: { customResponseHeaders: { Connection: 'close' } } } },
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
  try {
    const rule: unknown = parse(route)?.http?.routers?.app?.rule
    return typeof rule === 'string' ? (/^Host\(`([^`]+)`\)$/.exec(rule)?.[1] ?? null) : null
  } catch {
    return null
  }
}
