import type { AttributeValue, Span } from './span.ts'

/** Fields of protobuf messages in turn: the number of a field and its encoded value. */
type Message = Buffer[]

const VARINT = 0
const FIXED_64 = 1
const LENGTH = 2
const KIND_CLIENT = 3
const STATUS_ERROR = 2
const NS_PER_US = 1000n

/**
 * An `ExportTraceServiceRequest` in protobuf, the encoding that every receiver of OTLP takes:
 * https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
 * @param resource attributes of the gateway itself
 */
export function encodeSpans(resource: Span['attributes'], spans: readonly Span[]): Buffer {
  const scope = message([text(1, 'ai-proxy')])
  const scopeSpans = message([bytes(1, scope), ...spans.map((span) => bytes(2, encodeSpan(span)))])
  const resourceSpans = message([bytes(1, message(attributes(1, resource))), bytes(2, scopeSpans)])
  return bytes(1, resourceSpans)
}

function encodeSpan({ context, name, startMs, endMs, attributes: values, isError }: Span): Buffer {
  return message([
    bytes(1, Buffer.from(context.traceId, 'hex')),
    bytes(2, Buffer.from(context.spanId, 'hex')),
    ...(context.state ? [text(3, context.state)] : []),
    ...(context.parentSpanId ? [bytes(4, Buffer.from(context.parentSpanId, 'hex'))] : []),
    text(5, name),
    integer(6, KIND_CLIENT),
    time(7, startMs),
    time(8, endMs),
    ...attributes(9, values),
    ...(isError ? [bytes(15, integer(3, STATUS_ERROR))] : []),
  ])
}

function attributes(field: number, values: Span['attributes']): Message {
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === null || value === undefined) return []
    return [bytes(field, message([text(1, key), bytes(2, anyValue(value))]))]
  })
}

function anyValue(value: AttributeValue): Buffer {
  if (typeof value === 'string') return text(1, value)
  if (typeof value === 'boolean') return integer(2, Number(value))
  if (typeof value !== 'number') return bytes(5, message(value.map((one) => bytes(1, text(1, one)))))
  return Number.isInteger(value) ? integer(3, value) : double(4, value)
}

function message(fields: Message): Buffer {
  return Buffer.concat(fields)
}

function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value))
}

function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + LENGTH), varint(value.length), value])
}

/** @param value not negative */
function integer(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8 + VARINT), varint(value)])
}

function double(field: number, value: number): Buffer {
  const encoded = Buffer.alloc(8)
  encoded.writeDoubleLE(value)
  return Buffer.concat([varint(field * 8 + FIXED_64), encoded])
}

/** Nanoseconds since 1970. */
function time(field: number, ms: number): Buffer {
  const encoded = Buffer.alloc(8)
  encoded.writeBigUInt64LE(BigInt(Math.round(ms * 1000)) * NS_PER_US)
  return Buffer.concat([varint(field * 8 + FIXED_64), encoded])
}

function varint(value: number): Buffer {
  const encoded: number[] = []
  let rest = value
  while (rest >= 0x80) {
    encoded.push((rest % 0x80) + 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return Buffer.from([...encoded, rest])
}
