import type { FastifyBaseLogger } from 'fastify'
import type { ApiKey } from '../../kit/api-keys.ts'
import type { LimitsConfig } from '../../kit/gateway-config/config-file.ts'
import type { LogOutcome } from '../../kit/log-record.ts'
import type { HeaderList } from '../header-list.ts'
import type { BodyLogOptions } from '../log/body.ts'
import type { LogPolicy } from '../log/privacy/log-policy.ts'
import type { RequestLog } from '../log/writer.ts'
import type { GatewayMetrics } from '../metrics/metrics.ts'
import type { ObjectFile } from '../objects/object-file.ts'
import type { ApiProblem } from '../problems.ts'
import type { SecretMask } from '../secret-mask.ts'
import type { LoggedBodies } from '../traces/span-content.ts'
import type { TraceContext } from '../traces/trace-context.ts'
import type { BodyMemory } from './body/request-body.ts'
import type { LoggedAnswer } from './outcome.ts'
import type { RecordFields } from './record/record.ts'
import type { RunningExchanges } from './running.ts'

/** What all exchanges of a gateway share. */
export interface ExchangeServices {
  /** As shown to clients and in the log: `dev` outside a release. */
  readonly release: string
  /** How the log holds bodies. */
  readonly bodyLog: BodyLogOptions
  readonly requestLog: RequestLog
  readonly running: RunningExchanges
  readonly bodyMemory: BodyMemory
  readonly objects: ObjectFile
  readonly metrics: GatewayMetrics
  /** Takes the span of each request; undefined if nobody wants traces. */
  readonly spans?: SpanReceiver | undefined
  /** The operator's log: no bodies, no keys. */
  readonly logger: FastifyBaseLogger
  /** Headers of every response, in a new list. */
  readonly commonHeaders: (requestId: string, origin: string | undefined) => HeaderList
}

/** What happens to the spans of requests. */
export interface SpanReceiver {
  add: (context: TraceContext, fields: RecordFields, bodies: LoggedBodies) => void
}

/** What decides how much the log may hold of a request. */
interface PolicyRequest {
  apiKey: ApiKey | null
  model: string | null
  otherModels: readonly string[]
  asked: string | string[] | undefined
}

/** The configuration that an exchange began with; it stays open until the exchange leaves it. */
export interface ServingPort {
  readonly limits: LimitsConfig
  /** Knows the gateway's own keys. */
  readonly secrets: SecretMask
  /** What the log may hold of a request. */
  readonly logPolicies: { of: (request: PolicyRequest) => LogPolicy }
  enter: () => void
  leave: () => void
}

/** An answer that is on its way to the client. */
export interface RunningAnswer {
  /** Reports the problem to the client, in whichever form is still possible. */
  fail: (problem: ApiProblem) => void
  /** Shows the client that the connection is alive, if this kind of answer can. */
  keepAlive: () => void
  /** How it has ended so far; an error inside the answer is not considered. */
  readonly outcome: LogOutcome
  /** The client has got all of it, even if it does not wait for the end of the response. */
  readonly isDelivered: boolean
  /** Undefined if nothing arrived that is worth keeping. */
  logged: () => LoggedAnswer | undefined
}
