import { expect, test } from 'vitest'
import { traceContextOf } from '../../../proxy/traces/trace-context.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

test('a traceparent is continued, with its state', () => {
  const context = traceContextOf({ traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'a=1' })
  expect(context).toEqual({
    traceId: TRACE,
    parentSpanId: PARENT,
    spanId: expect.stringMatching(/^(?!0+$)[0-9a-f]{16}$/),
    state: 'a=1',
    isSampled: true,
  })
})

test('the caller decides whether the trace is recorded', () => {
  expect(traceContextOf({ traceparent: `00-${TRACE}-${PARENT}-00` }).isSampled).toBe(false)
  expect(traceContextOf({ traceparent: `00-${TRACE}-${PARENT}-03` }).isSampled).toBe(true)
  expect(traceContextOf({ traceparent: `cc-${TRACE}-${PARENT}-01-what-will-be` })).toMatchObject({ traceId: TRACE })
})

test.for([
  undefined,
  '',
  `00-${TRACE}-${PARENT}`,
  `00-${TRACE}-${PARENT}-01-more`,
  `ff-${TRACE}-${PARENT}-01`,
  `00-${TRACE.toUpperCase()}-${PARENT}-01`,
  `00-${'0'.repeat(32)}-${PARENT}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
])('a new trace begins with the traceparent %s', (traceparent) => {
  const contexts = [0, 1].map(() =>
    traceContextOf({ ...(traceparent !== undefined && { traceparent }), tracestate: 'a=1' }),
  )
  for (const { traceId, parentSpanId, state, isSampled } of contexts) {
    expect(traceId).toMatch(/^[0-9a-f]{32}$/)
    expect([traceId === TRACE, parentSpanId, state, isSampled]).toEqual([false, undefined, undefined, true])
  }
  expect(contexts[0]?.traceId).not.toBe(contexts[1]?.traceId)
})
