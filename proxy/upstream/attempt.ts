import type { Exchange } from '../exchange/exchange.ts'
import type { Route } from '../exchange/outcome.ts'
import type { UpstreamFailure } from './failure.ts'
import type { Normaliser } from './normaliser.ts'

/** One try to have a request answered by one provider, with one of its keys. */
export interface Attempt {
  readonly exchange: Exchange
  readonly route: Route
  readonly normaliser?: Normaliser | undefined
  /** Called before a failure is reported to the client; true if something else is being tried. */
  readonly tryOther: (failure: UpstreamFailure) => boolean
}
