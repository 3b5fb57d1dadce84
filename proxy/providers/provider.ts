import type { ApiName } from '../../kit/providers.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Route } from '../exchange/outcome.ts'

/** A request on its way to a provider. */
export interface ProviderRequest {
  readonly exchange: Exchange
  readonly route: Route
  /** The client's bytes, with this provider's name of the model. */
  readonly body: Buffer
  /** Sends the request to the next candidate; false if none is left. `reason` is for the operator's log. */
  readonly next: (reason: string) => boolean
}

/** A server that runs models, or the built-in echo. */
export interface Provider {
  readonly name: string
  /** The APIs that it serves. */
  readonly apis: readonly ApiName[]
  /** The variable that holds its keys, if a key is needed and none is set. */
  readonly missing?: string | undefined
  /** False while all keys cool down for this model. */
  isReady?(model: string): boolean
  /** Answers the exchange of this request. */
  send(request: ProviderRequest): void
  close?(): Promise<void>
}
