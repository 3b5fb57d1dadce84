import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** The place of a request in a trace: https://www.w3.org/TR/trace-context/ */
export interface TraceContext {
  /** 32 hex digits. */
  traceId: string
  /** 16 hex digits. */
  spanId: string
  /** The caller's span; undefined if the trace begins here. */
  parentSpanId: string | undefined
  /** The caller's `tracestate`. */
  state: string | undefined
  /** False if the caller says that the trace is not recorded. */
  isSampled: boolean
}

const TRACE_PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const TRACE_ID_BYTES = 16
const SPAN_ID_BYTES = 8
const SAMPLED = 1

/** Continues the trace of the caller, or begins one if the caller sends none that is valid. */
export function traceContextOf({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext {
  const spanId = randomBytes(SPAN_ID_BYTES).toString('hex')
  const [, version, traceId = '', parentSpanId = '', flags = '', more] = TRACE_PARENT.exec(String(traceparent)) ?? []
  const isKnownForm = version !== undefined && version !== 'ff' && (version !== '00' || more === undefined)
  if (!isKnownForm || isZero(traceId) || isZero(parentSpanId)) {
    const newId = randomBytes(TRACE_ID_BYTES).toString('hex')
    return { traceId: newId, spanId, parentSpanId: undefined, state: undefined, isSampled: true }
  }
  const isSampled = (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED
  return { traceId, spanId, parentSpanId, state: tracestate === undefined ? undefined : String(tracestate), isSampled }
}

function isZero(id: string): boolean {
  return /^0*$/.test(id)
}
