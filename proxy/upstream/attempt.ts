import type { Api, Endpoint } from '../apis/api.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Route } from '../exchange/outcome.ts'
import type { UpstreamFailure } from './failure.ts'
import type { Normaliser } from './normaliser.ts'

/** One try to have a request answered by one provider, with one of its keys. */
export interface Attempt<E extends Endpoint = Api> {
  readonly exchange: Exchange<E>
  readonly route: Route
  /** The client did not ask for the tokens of its stream, so it does not get the event that counts them. */
  readonly hidesUsage?: boolean
  readonly normaliser?: Normaliser | undefined
  /** Called before a failure is reported to the client; true if something else is being tried. */
  readonly tryOther: (failure: UpstreamFailure) => boolean
}
