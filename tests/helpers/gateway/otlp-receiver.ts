import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import definitions from '@opentelemetry/otlp-transformer/build/src/generated/root.js'
import { onTestFinished } from 'vitest'

/** A span as the official decoder shows it: ids in hex, times and integers as texts. */
interface ReceivedSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  traceState?: string
  name: string
  kind: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: Record<string, unknown>
  status?: { code: string }
}

export interface OtlpReceiver {
  url: string
  spans: ReceivedSpan[]
  resources: Record<string, unknown>[]
  requests: { path: string; headers: IncomingHttpHeaders; spans: number }[]
  /** What it answers from now on; 0 is no answer at all. */
  status: number
  /** It refuses requests with more spans. */
  maxSpans: number
}

interface Pair {
  key: string
  value: Record<string, unknown>
}

type Decoded = Omit<ReceivedSpan, 'attributes'> & { attributes?: Pair[] }

/** The part of the generated code that is used here; its own types say nothing of it. */
interface Definitions {
  opentelemetry: { proto: { collector: { trace: { v1: { ExportTraceServiceRequest: RequestType } } } } }
}

interface RequestType {
  decode: (bytes: Buffer) => object
  encode: (message: object) => { finish: () => Uint8Array }
  toObject: (message: object, options: object) => DecodedRequest
}

interface DecodedRequest {
  resourceSpans: { resource: { attributes?: Pair[] }; scopeSpans: { spans: Decoded[] }[] }[]
}

/** The messages of OTLP as OpenTelemetry's own exporter for Node has them. */
const { opentelemetry } = definitions as unknown as Definitions
const REQUEST = opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest

/** A receiver of OTLP over HTTP that reads protobuf with the official definitions. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const receiver: OtlpReceiver = {
    url: '',
    spans: [],
    resources: [],
    requests: [],
    status: 200,
    maxSpans: Number.POSITIVE_INFINITY,
  }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { url: path = '', headers } = request
      const { resources, spans } = decodeSpans(Buffer.concat(parts))
      receiver.requests.push({ path, headers, spans: spans.length })
      const status = spans.length > receiver.maxSpans ? 413 : receiver.status
      if (status === 200) {
        receiver.spans.push(...spans)
        receiver.resources.push(...resources)
      }
      if (status !== 0) response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return receiver
}

/** @throws Error if the bytes are not an ExportTraceServiceRequest, or have more than its fields */
export function decodeSpans(bytes: Buffer): { resources: Record<string, unknown>[]; spans: ReceivedSpan[] } {
  const decoded = REQUEST.decode(bytes)
  // The decoder skips fields that it does not know, so what it knows must be all there is.
  if (!Buffer.from(REQUEST.encode(decoded).finish()).equals(bytes)) throw new Error('not all bytes were read')
  const { resourceSpans } = REQUEST.toObject(decoded, { longs: String, enums: String, bytes: Buffer })
  return {
    resources: resourceSpans.map(({ resource }) => values(resource.attributes)),
    spans: resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(shown))),
  }
}

function shown(span: Decoded): ReceivedSpan {
  const hex = (id: unknown) => (id as Buffer).toString('hex')
  const { traceId, spanId, parentSpanId, attributes = [], ...rest } = span
  return {
    ...rest,
    traceId: hex(traceId),
    spanId: hex(spanId),
    ...(parentSpanId !== undefined && { parentSpanId: hex(parentSpanId) }),
    attributes: values(attributes),
  }
}

function values(pairs: Pair[] = []): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, plain(value)]))
}

function plain(value: Record<string, unknown>): unknown {
  const [[kind, one] = ['', undefined]] = Object.entries(value)
  if (kind === 'arrayValue') return ((one as { values?: Record<string, unknown>[] }).values ?? []).map(plain)
  return kind === 'intValue' ? Number(one) : one
}
