import { expect, test } from 'vitest'
import { createMetricsPage } from '../../../proxy/metrics/page.ts'
import { SpanExporter } from '../../../proxy/traces/span-exporter.ts'
import { traceContextOf } from '../../../proxy/traces/trace-context.ts'
import { chat, eventually, type GatewayOptions, startWithUpstream } from '../../helpers/gateway/gateway.ts'
import { startProcess } from '../../helpers/gateway/gateway-process.ts'
import { startOtlpReceiver } from '../../helpers/gateway/otlp-receiver.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const TRACE_PARENT = { traceparent: `00-${TRACE}-${PARENT}-01` }

async function startTraced({ environment = {}, ...options }: GatewayOptions = {}) {
  const receiver = await startOtlpReceiver()
  const { gateway } = await startWithUpstream({
    ...options,
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/`, ...environment },
  })
  const spans = (count: number) =>
    eventually(() => {
      expect(receiver.spans).toHaveLength(count)
      return receiver.spans
    })
  return { gateway, receiver, spans }
}

test.for([
  [{ redact: ['emails'] }, 'vendor=jo@example.com', undefined],
  [{ redact: ['emails'] }, 'vendor=1', 'vendor=1'],
  [{ bodies: 'none' }, 'vendor=1', undefined],
  [{ bodies: 'metadata' }, 'vendor=1', 'vendor=1'],
] as const)('with %j a span has of the state %s only %s', async ([log, tracestate, expected]) => {
  const { gateway, spans } = await startTraced({ config: { log } })
  await gateway.post(chat('mock/slow-1x2'), { ...TRACE_PARENT, tracestate })
  const [span] = await spans(1)
  expect(span).toMatchObject({ traceId: TRACE, parentSpanId: PARENT })
  expect(span?.traceState || undefined).toBe(expected)
})

test('each request is one span, by the conventions, and its record has the id of the trace', async () => {
  const environment = {
    API_KEYS: 'laptop:0123456789abcdef',
    RELEASE_ID: 'r1',
    OTEL_SERVICE_NAME: 'my gateway',
    OTEL_RESOURCE_ATTRIBUTES: 'team=blue%20one,service.name=other',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-token=a%20b, x-more=c=d',
  }
  const { gateway, receiver, spans } = await startTraced({ environment })
  const before = Date.now()
  const headers = {
    authorization: 'Bearer 0123456789abcdef',
    'x-dialog-id': 'talk',
    ...TRACE_PARENT,
    tracestate: 'v=1',
  }
  await gateway.post(chat('mock/slow-1x2', { messages: [{ role: 'user', content: 'a private word' }] }), headers)
  const [span] = await spans(1)
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ trace_id: TRACE })
  expect(span).toEqual({
    traceId: TRACE,
    parentSpanId: PARENT,
    spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
    traceState: 'v=1',
    name: 'chat mock/slow-1x2',
    kind: 'SPAN_KIND_CLIENT',
    startTimeUnixNano: expect.any(String),
    endTimeUnixNano: expect.any(String),
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openrouter',
      'gen_ai.request.model': 'mock/slow-1x2',
      'gen_ai.conversation.id': 'talk',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': expect.any(Number),
      'gen_ai.usage.output_tokens': expect.any(Number),
      'http.response.status_code': 200,
      'ai_proxy.request_id': record?.x_request_id,
      'ai_proxy.endpoint': '/v1/chat/completions',
      'ai_proxy.model': 'mock/slow-1x2',
      'ai_proxy.key': 'laptop',
      'ai_proxy.outcome': 'ok',
      'ai_proxy.stream': false,
    },
  })
  const [start, end] = [Number(span?.startTimeUnixNano) / 1e6, Number(span?.endTimeUnixNano) / 1e6]
  expect(start).toBeGreaterThan(before - 100)
  const micros = record?.timestamp.slice(-7, -1)
  expect(span?.endTimeUnixNano).toMatch(new RegExp(`${micros}000$`))
  expect(end - start).toBeCloseTo(record?.latency_ms ?? 0, 0)
  expect(receiver.resources).toEqual([{ 'service.name': 'my gateway', 'service.version': 'r1', team: 'blue one' }])
  expect(receiver.requests[0]).toMatchObject({
    path: '/v1/traces',
    headers: { 'content-type': 'application/x-protobuf', 'x-token': 'a b', 'x-more': 'c=d' },
  })
})

test('a trace begins here without a traceparent, and one that is not sampled gets no span', async () => {
  const { gateway, spans } = await startTraced()
  await gateway.post(chat('mock/normal'), { traceparent: `00-${TRACE}-${PARENT}-00` })
  await gateway.post(chat('mock/normal'))
  const [span] = await spans(1)
  expect(span).not.toHaveProperty('parentSpanId')
  const ids = (await gateway.records(2)).map(({ trace_id }) => trace_id)
  expect(ids).toEqual([TRACE, span?.traceId])
})

test.for([
  ['mock/500', 'upstream_error', '500'],
  ['mock/cut-2', 'upstream_truncated', 'upstream_truncated'],
  ['nowhere', 'rejected', '404'],
] as const)('the span of %s is an error', async ([model, outcome, type]) => {
  const { gateway, spans } = await startTraced()
  await gateway.post(chat(model, { stream: true }))
  const [span] = await spans(1)
  expect(span).toMatchObject({
    status: { code: 'STATUS_CODE_ERROR' },
    attributes: { 'error.type': type, 'ai_proxy.outcome': outcome },
  })
})

test('privacy applies to spans too', async () => {
  const config = { log: { bodies: 'none', redact: ['emails'] } }
  const { gateway, spans } = await startTraced({ config })
  await gateway.post(chat('nowhere/jo@example.com'), { 'x-dialog-id': 'talk' })
  const [span] = await spans(1)
  expect(span?.attributes).toMatchObject({ 'ai_proxy.model': '[email]' })
  expect(JSON.stringify(span)).not.toMatch(/talk|example/)
})

const CONTENT = { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true' }

test.for([false, true])(
  'spans hold the messages if the environment says so, as the log does; streamed: %s',
  async (stream) => {
    const config = { log: { redact: ['emails'], client_may: true } }
    const { gateway, spans } = await startTraced({ config, environment: CONTENT })
    const body = chat('mock/normal', { stream, messages: [{ role: 'user', content: 'I am jo@example.com' }] })
    await gateway.post(body)
    for (const log of ['metadata', 'none']) await gateway.post(body, { 'x-log': log })
    const [span, ...others] = await spans(3)
    const { 'gen_ai.input.messages': input, 'gen_ai.output.messages': output } = span?.attributes ?? {}
    expect(JSON.parse(String(input))).toEqual([{ role: 'user', parts: [{ type: 'text', content: 'I am [email]' }] }])
    const content = expect.stringMatching(/\w/)
    expect(JSON.parse(String(output))).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content }], finish_reason: 'stop' },
    ])
    for (const { attributes } of others) expect(Object.keys(attributes).join()).not.toMatch(/messages|content/)
  },
)

test('messages that are too large for a span, or for the log, delay nothing and leave a mark', async () => {
  const environment = { ...CONTENT, LOG_BODY_MAX_BYTES: '3000000' }
  const { gateway, spans } = await startTraced({ environment })
  const question = (size: number) => ({
    messages: [
      { role: 'user', content: 'a'.repeat(size) },
      { role: 'user', content: 'Hi' },
    ],
  })
  for (const size of [1_000_000, 2_000_000, 4_000_000]) await gateway.post(chat('mock/normal', question(size)))
  const shown = (await spans(3)).map(({ attributes }) => [
    String(attributes['gen_ai.input.messages']).length,
    attributes['ai_proxy.content_truncated'],
  ])
  expect(shown).toEqual([
    [expect.closeTo(16_500, -3), true],
    ['undefined'.length, true],
    ['undefined'.length, true],
  ])
})

test('without an address there are no traces', async () => {
  const { gateway } = await startWithUpstream()
  await gateway.post(chat('mock/normal'), TRACE_PARENT)
  expect((await gateway.records(1))[0]).not.toHaveProperty('trace_id')
})

test('a receiver that does not answer delays no request, and what does not fit is dropped and counted', async () => {
  const receiver = await startOtlpReceiver()
  receiver.status = 0
  const problems: string[] = []
  const onProblem = (problem: string) => void problems.push(problem)
  const exporter = new SpanExporter({
    url: `${receiver.url}/v1/traces`,
    headers: {},
    resource: {},
    onProblem,
    intervalMs: 1,
  })
  const { gateway } = await startWithUpstream()
  await gateway.post(chat('mock/normal'))
  const [record] = await gateway.records(1)
  if (!record) throw new Error('no record')
  for (let count = 0; count < 10_000; count++) exporter.add(traceContextOf({}), record)
  expect(exporter.lost).toBe(10_000 - 512 - 4_096)
  expect(problems).toEqual([
    expect.stringMatching(/^traces do not reach .*: the receiver is too slow; 1 spans are lost$/),
  ])
  await eventually(() => expect(receiver.requests).toHaveLength(1))
  await exporter.close()
  expect(exporter.lost).toBe(10_000)
})

test('spans are sent again if the receiver asks for that, and not if it refuses them', async () => {
  const receiver = await startOtlpReceiver()
  const exporter = new SpanExporter({
    url: receiver.url,
    headers: {},
    resource: {},
    onProblem: () => {},
    intervalMs: 5,
  })
  const { gateway } = await startWithUpstream()
  await gateway.post(chat('mock/normal'))
  const [record] = await gateway.records(1)
  if (!record) throw new Error('no record')
  receiver.status = 503
  exporter.add(traceContextOf({}), record)
  await eventually(() => expect(receiver.requests.length).toBeGreaterThan(1))
  receiver.status = 200
  await eventually(() => expect(receiver.spans).toHaveLength(1))
  receiver.status = 400
  exporter.add(traceContextOf({}), record)
  await eventually(() => expect(exporter.lost).toBe(1))
  for (let count = 0; count < 1_300; count++) exporter.add(traceContextOf({}), record)
  receiver.status = 200
  await exporter.close()
  expect([exporter.lost + receiver.spans.length]).toEqual([1_302])
  const requestLog = { lost: 0, waitingBytes: 0 }
  const { metrics } = gateway.gateway
  const page = await createMetricsPage({ metrics, running: gateway.running, requestLog, spans: exporter })()
  expect(page).toContain(`ai_proxy_spans_lost ${exporter.lost}\n`)
})

test('a receiver that finds a request too large gets smaller ones, and no span is lost', async () => {
  const receiver = await startOtlpReceiver()
  const problems: string[] = []
  const onProblem = (problem: string) => problems.push(problem)
  const exporter = new SpanExporter({ url: receiver.url, headers: {}, resource: {}, onProblem, intervalMs: 5 })
  const { gateway } = await startWithUpstream()
  await gateway.post(chat('mock/normal'))
  const [record] = await gateway.records(1)
  if (!record) throw new Error('no record')
  receiver.maxSpans = 10
  for (let count = 0; count < 600; count++) exporter.add(traceContextOf({}), record)
  await eventually(() => expect(receiver.spans.length).toBeGreaterThan(100))
  await exporter.close()
  expect([receiver.spans.length, exporter.lost]).toEqual([600, 0])
  expect(receiver.requests.filter(({ spans }) => spans > 10).length).toBeLessThan(50)
  expect(problems).toEqual([expect.stringContaining('status 413; 0 spans are lost')])
  // One that is too large alone is lost.
  receiver.maxSpans = 0
  const last = new SpanExporter({ url: receiver.url, headers: {}, resource: {}, onProblem })
  for (let count = 0; count < 3; count++) last.add(traceContextOf({}), record)
  await last.close()
  expect(last.lost).toBe(3)
})

test('spans with messages are sent in small requests, and later ones have none while too many wait', async () => {
  const receiver = await startOtlpReceiver()
  const options = { url: receiver.url, headers: {}, resource: {}, hasContent: true, intervalMs: 5 }
  const exporter = new SpanExporter({ ...options, onProblem: () => {} })
  const { gateway } = await startWithUpstream()
  await gateway.post(chat('mock/normal'))
  const [record] = await gateway.records(1)
  if (!record) throw new Error('no record')
  // Four texts of 16,300 characters make an attribute of almost 64 KiB, so 16 MiB are 257 spans, and a request has 16.
  const message = { role: 'user', content: 'a'.repeat(16_300) }
  const json = Buffer.from(JSON.stringify(chat('mock/normal', { messages: Array(4).fill(message) })))
  const bodies = { request: { json, truncated: false }, response: { json: Buffer.from('{}'), truncated: false } }
  for (let count = 0; count < 400; count++) exporter.add(traceContextOf({}), record, bodies)
  await eventually(() => expect(receiver.spans).toHaveLength(400))
  const [withContent, without] = [
    receiver.spans.findIndex(({ attributes }) => !('gen_ai.input.messages' in attributes)),
    receiver.spans.filter(({ attributes }) => attributes['ai_proxy.content_truncated'] === true).length,
  ]
  expect(withContent).toBeGreaterThan(250)
  expect(withContent + without).toBe(400)
  expect(receiver.requests.slice(0, 10).map(({ spans }) => spans)).toEqual(Array(10).fill(16))
})

test('the process sends its last spans before it ends', async () => {
  const receiver = await startOtlpReceiver()
  const gateway = await startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url })
  await (await gateway.post(chat('echo'))).body.dump()
  gateway.process.kill('SIGTERM')
  await eventually(() => expect(receiver.spans).toHaveLength(1))
  expect(receiver.spans[0]).toMatchObject({ name: 'chat echo' })
})
