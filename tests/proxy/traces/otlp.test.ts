import { expect, test } from 'vitest'
import { encodeSpans } from '../../../proxy/traces/otlp.ts'
import type { Span } from '../../../proxy/traces/span.ts'
import { decodeSpans } from '../../helpers/gateway/otlp-receiver.ts'

const CONTEXT = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parentSpanId: undefined,
  state: undefined,
  isSampled: true,
}

function span(more: Partial<Span> = {}): Span {
  return { context: CONTEXT, name: 'chat', startMs: 1, endMs: 2, attributes: {}, isError: false, ...more }
}

test('every kind of value reads as it was, and what is missing is left out', () => {
  const attributes = {
    text: 'ä🙂',
    empty: '',
    long: 'x'.repeat(20_000),
    yes: true,
    no: false,
    zero: 0,
    large: Number.MAX_SAFE_INTEGER,
    double: 0.1,
    list: ['a', 'b'],
    none: [],
    nothing: null,
    missing: undefined,
  }
  const { nothing: _, missing: __, ...expected } = attributes
  const decoded = decodeSpans(encodeSpans({ 'service.name': 'x' }, [span({ attributes })]))
  expect(decoded.spans[0]?.attributes).toEqual({ ...expected, none: [] })
  expect(decoded.resources).toEqual([{ 'service.name': 'x' }])
})

test('ids, times in nanoseconds and the status read as they were', () => {
  const child = { ...CONTEXT, parentSpanId: 'aaaaaaaaaaaaaaaa', state: 'a=1' }
  const spans = [
    span({ startMs: 1_764_388_800_123.456, endMs: 1_764_388_801_000.5 }),
    span({ context: child, isError: true }),
  ]
  const [first, second] = decodeSpans(encodeSpans({}, spans)).spans
  expect(first).toEqual({
    traceId: CONTEXT.traceId,
    spanId: CONTEXT.spanId,
    name: 'chat',
    kind: 'SPAN_KIND_CLIENT',
    startTimeUnixNano: '1764388800123456000',
    endTimeUnixNano: '1764388801000500000',
    attributes: {},
  })
  expect(second).toMatchObject({
    parentSpanId: 'aaaaaaaaaaaaaaaa',
    traceState: 'a=1',
    status: { code: 'STATUS_CODE_ERROR' },
  })
})
