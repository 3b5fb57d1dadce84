import type { Api } from '../apis/api.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Route } from '../exchange/outcome.ts'
import type { EditedJson } from '../json/edited-json.ts'
import { type ApiProblem, problems } from '../problems.ts'
import type { Provider } from '../providers/provider.ts'
import type { Serving } from './serving.ts'

/** A provider that may serve this request, and its name of the model. */
interface Candidate {
  route: Route
  provider: Provider
}

/** What is needed to send a request under the name of any provider's model. */
export interface RoutedRequest {
  /** The model as the client named it. */
  model: string
  /** The client's body with another name of the model. */
  withModel: (model: string) => EditedJson
}

/**
 * Sends an exchange to the provider of its model and, while the client has not got a byte, to the fallbacks of that model
 * in turn; refuses it if none of them may serve it.
 */
export function startAttempts(exchange: Exchange, { routing, providers }: Serving, request: RoutedRequest): void {
  const { model } = request
  const first = routing.find(model)
  const all: Candidate[] = []
  let problem: ApiProblem | undefined
  for (const route of [first, ...routing.fallbacks(model)]) {
    const found = findCandidate(exchange.api, route, providers, model)
    if ('route' in found) all.push(found)
    else problem ??= found
  }
  const maker = exchange.boundTo && all.find(({ provider }) => provider.name === exchange.boundTo?.provider)
  if (first) exchange.noteRoute(first)
  if (all.length > 0) new Attempts(exchange, maker ? [maker] : all, request).start()
  else exchange.refuse(problem ?? problems.modelNotFound(model))
}

/** The candidates of one exchange, which are tried in turn. */
class Attempts {
  readonly #exchange: Exchange
  readonly #candidates: Candidate[]
  readonly #request: RoutedRequest
  #at = 0

  constructor(exchange: Exchange, candidates: Candidate[], request: RoutedRequest) {
    this.#exchange = exchange
    this.#candidates = candidates
    this.#request = request
  }

  /** Begins with the first candidate that is not in cool-down, or with the first one if all are. */
  start(): void {
    if (this.#candidates.length > 1) {
      const ready = this.#candidates.findIndex(({ provider, route }) => provider.isReady?.(route.model) ?? true)
      this.#at = Math.max(ready, 0)
    }
    this.#send(this.#candidates[this.#at] as Candidate)
  }

  /** @returns false if no candidate is left, or the client has gone */
  #next(reason: string): boolean {
    this.#at++
    const candidate = this.#candidates[this.#at]
    if (!candidate || this.#exchange.response.isClosed) return false
    this.#exchange.noteRetry('fallback', `${reason}: on to ${candidate.provider.name}:${candidate.route.model}`)
    this.#send(candidate)
    return true
  }

  #send({ route, provider }: Candidate): void {
    this.#exchange.noteRoute(route)
    const body = this.#request.withModel(route.model)
    provider.send({ exchange: this.#exchange, route, body, next: (reason) => this.#next(reason) })
  }
}

function findCandidate(
  api: Api,
  route: Route | undefined,
  providers: Serving['providers'],
  model: string,
): Candidate | ApiProblem {
  const provider = route && providers.get(route.provider)
  if (!route || !provider) return problems.modelNotFound(model)
  if (provider.missing) return problems.providerNotConfigured(provider.name, provider.missing)
  if (!provider.apis.includes(api.name)) return problems.endpointNotServed(provider.name, api.endpoint, provider.apis)
  return { route, provider }
}
