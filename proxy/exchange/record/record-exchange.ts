import type { LoggedBody } from '../../log/body.ts'
import { uniqueTimestamp } from '../../log/clock.ts'
import { type LogPolicy, shownFields } from '../../log/privacy/log-policy.ts'
import { recordLine } from '../../log/record-line.ts'
import type { TraceContext } from '../../traces/trace-context.ts'
import type { Outcome } from '../outcome.ts'
import type { ExchangeServices } from '../ports.ts'
import { loggedRequest, loggedRequestInSteps, loggedResponse, loggedResponseInSteps } from './logged-bodies.ts'
import { type RecordedRequest, toRecord } from './record.ts'

/** An exchange whose response has closed. */
export interface EndedExchange extends RecordedRequest {
  readonly services: ExchangeServices
  readonly logPolicy: LogPolicy
  /** The form of the body in the log, if it is another one than that of `body`. */
  readonly loggedForm: LoggedBody | undefined
  readonly outcome: Outcome
  /** To be called once: the exchange holds nothing any more. */
  leave: () => void
}

/** The log takes a larger body in small steps, so that other requests need not wait for it. */
const LARGE_BODY_BYTES = 512 * 1024

/** Writes the one record of an exchange, counts it in the metrics, and lets it leave. */
export function recordExchange(exchange: EndedExchange): void {
  const { facts, body, logPolicy: policy } = exchange
  const isLarge = facts.isJson && body.sizeBytes > LARGE_BODY_BYTES && policy.bodies === 'full'
  if (isLarge || policy.redactor) {
    void recordInSteps(exchange, policy)
    return
  }
  try {
    const { outcome } = exchange
    append(exchange, policy, outcome, loggedRequest(exchange, policy), loggedResponse(outcome.answer, policy))
  } catch (error) {
    reportLost(exchange, error)
  } finally {
    exchange.leave()
  }
}

async function recordInSteps(exchange: EndedExchange, policy: LogPolicy): Promise<void> {
  try {
    const request = await loggedRequestInSteps(exchange, policy)
    const { outcome } = exchange
    const response = await loggedResponseInSteps(outcome.answer, policy)
    append(exchange, policy, outcome, request, response)
  } catch (error) {
    reportLost(exchange, error)
  } finally {
    exchange.leave()
  }
}

function append(
  exchange: EndedExchange,
  policy: LogPolicy,
  outcome: Outcome,
  request: LoggedBody,
  response: LoggedBody,
): void {
  const { requestLog, logger, metrics, spans, release } = exchange.services
  const all = toRecord(exchange, outcome, { release, timestamp: uniqueTimestamp() })
  metrics.answered(all, outcome.route?.mapping, outcome.problem)
  const fields = shownFields(policy, all)
  requestLog.append(fields.timestamp.slice(0, 10), recordLine(fields, request, response))
  if (exchange.trace) spans?.add(shownTrace(exchange.trace, policy), fields, { request, response })
  logger.debug({ requestId: exchange.id, status: fields.status_code, outcome: fields.outcome }, 'answered')
}

/** Callers write into `tracestate` what they want; a part of it would not be one. */
function shownTrace(trace: TraceContext, { bodies, redactor }: LogPolicy): TraceContext {
  const { state } = trace
  if (state === undefined) return trace
  const isShown = bodies !== 'none' && (!redactor || redactor.text(state) === state)
  return isShown ? trace : { ...trace, state: undefined }
}

function reportLost({ id, services }: EndedExchange, error: unknown): void {
  services.logger.error({ err: error, requestId: id }, 'a record could not be made')
}
