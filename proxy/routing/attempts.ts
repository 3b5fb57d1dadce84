import type { Exchange } from '../exchange/exchange.ts'
import { type ApiProblem, problems } from '../problems.ts'
import type { Provider } from '../providers/provider.ts'
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
  if (ways.length > 0) new Attempts(exchange, ways, withModel).begin()
  else exchange.refuse(found.find((way) => 'status' in way) ?? problems.modelNotFound(model))
}

/** What an exchange has left to try. */
export class Attempts {
  readonly #exchange: Exchange
  readonly #ways: Way[]
  readonly #withModel: (model: string) => Buffer
  #at = 0

  constructor(exchange: Exchange, ways: Way[], withModel: (model: string) => Buffer) {
    this.#exchange = exchange
    this.#ways = ways
    this.#withModel = withModel
  }

  /** Whoever has no use for being asked right now is asked only if nobody else is there. */
  begin(): void {
    if (this.#ways.length > 1) {
      this.#exchange.attempts = this
      this.#at = Math.max(
        this.#ways.findIndex(({ provider, route }) => provider.ready?.(route.model) ?? true),
        0,
      )
    }
    this.#go(this.#ways[this.#at] as Way)
  }

  /** Goes on to the next place, `reason` being why; false if there is none. */
  next(reason: string): boolean {
    this.#at++
    const way = this.#ways[this.#at]
    if (!way || this.#exchange.closed) return false
    this.#exchange.noteRetry(`${reason}: on to ${way.provider.name}:${way.route.model}`)
    this.#go(way)
    return true
  }

  #go({ route, provider }: Way): void {
    this.#exchange.route = route
    provider.send(this.#exchange, this.#withModel(route.model))
  }
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
