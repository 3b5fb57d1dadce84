import { type ApiProblem, problems } from './errors.ts'
import type { Exchange } from './exchange.ts'
import type { Provider } from './providers/provider.ts'
import type { Route } from './routing.ts'
import type { Serving } from './serving.ts'

/** A place that an exchange may go to. */
interface Way {
  route: Route
  provider: Provider
}

/**
 * Sends an exchange to where its model is, and to the fallbacks of that model, one after another, as long as the client
 * has not got a byte.
 */
export function send(exchange: Exchange, model: string, withModel: (model: string) => Buffer): void {
  const { routing, providers } = exchange.serving
  const routes = [routing.find(model), ...routing.fallbacks(model)]
  const found = routes.map((route) => findWay(exchange, route, providers, model))
  const ways = found.filter((way) => 'route' in way)
  exchange.route = routes[0] ?? null
  if (ways.length === 0) {
    exchange.refuse(found.find((way) => 'status' in way) ?? problems.modelNotFound(model))
    return
  }
  // Whoever has no use for being asked right now is asked only if nobody else is there.
  const ready = ways.findIndex(({ provider }) => provider.ready?.() ?? true)
  let at = Math.max(ready, 0)
  const go = ({ route, provider }: Way) => {
    exchange.route = route
    provider.send(exchange, withModel(route.model))
  }
  exchange.fallBack = (reason) => {
    const next = ways[++at]
    if (!next || exchange.closed) return false
    exchange.noteRetry(`${reason}: on to ${next.provider.name}:${next.route.model}`)
    go(next)
    return true
  }
  go(ways[at] as Way)
}

function findWay(
  { api }: Exchange,
  route: Route | undefined,
  providers: Serving['providers'],
  model: string,
): Way | ApiProblem {
  const provider = route && providers.get(route.provider)
  if (!route || !provider) return problems.modelNotFound(model)
  if (provider.missing) return problems.providerNotConfigured(provider.name, provider.missing)
  if (!provider.apis.includes(api.name)) return problems.endpointNotServed(provider.name, api.endpoint, provider.apis)
  return { route, provider }
}
