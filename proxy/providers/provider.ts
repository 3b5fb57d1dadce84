import type { ProviderOptions } from '../../kit/gateway-config/config-file.ts'
import type { ApiName } from '../../kit/providers.ts'
import type { Endpoint } from '../apis/api.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Route } from '../exchange/outcome.ts'
import type { EditedJson } from '../json/edited-json.ts'
import type { ProviderSettings } from '../settings.ts'
import type { Attempt } from '../upstream/attempt.ts'
import type { ConnectionOptions } from '../upstream/connections.ts'
import type { UpstreamAnswer, UpstreamRequest } from '../upstream/relay.ts'

/** A request on its way to a provider. */
export interface ProviderRequest {
  readonly exchange: Exchange
  readonly route: Route
  /** The client's body, with this provider's name of the model. */
  readonly body: EditedJson
  /** Sends the request to the next candidate; false if none is left. `reason` is for the operator's log. */
  readonly next: (reason: string) => boolean
}

/** A request that is passed on without being understood. */
export interface ForwardedRequest extends UpstreamRequest {
  readonly exchange: Exchange<Endpoint>
  readonly route: Route
  /** The API whose keys and headers it uses. */
  readonly dialect: ApiName
  /** Makes what takes the answer of one attempt. */
  readonly answer: (attempt: Attempt<Endpoint>) => UpstreamAnswer
  /** Sends the request to the next candidate; false if none is left. `reason` is for the operator's log. */
  readonly next: (reason: string) => boolean
}

/** What a built-in provider is made of. */
export interface KeyedProviderSettings extends ProviderSettings {
  options: ProviderOptions
  reach: ConnectionOptions
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
  /** Passes on the exchange of this request; missing if the provider has only its own APIs. */
  forward?(request: ForwardedRequest): void
  /** The ids of its models, as far as it lists them; asked of it at most every few minutes. */
  models?(): Promise<readonly string[]>
  close?(): Promise<void>
}
