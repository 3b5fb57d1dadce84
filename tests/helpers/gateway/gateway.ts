import { readdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { expect, onTestFinished, vi } from 'vitest'
import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import type { LogRecord } from '../../../kit/log-record.ts'
import { affinityOf } from '../../../proxy/apis/conversation.ts'
import { RunningExchanges } from '../../../proxy/exchange/running.ts'
import { buildGateway, type Gateway } from '../../../proxy/http/build-gateway.ts'
import { RequestLog } from '../../../proxy/log/writer.ts'
import { type GatewaySettings, gatewaySettings } from '../../../proxy/settings.ts'
import { SpanExporter } from '../../../proxy/traces/span-exporter.ts'
import { KeyRing } from '../../../proxy/upstream/key-ring.ts'
import { tempFolder } from '../temp-folder.ts'
import { type MockUpstream, startMockUpstream } from './mock-upstream.ts'

export interface TestGateway extends TestClient {
  url: string
  logDir: string
  running: RunningExchanges
  app: Gateway['app']
  gateway: Gateway
  /** Lines of the operator's log. */
  operatorLog: string[]
  /** Waits until the log holds this many records, and fails if there are more. */
  records: (count: number) => Promise<LogRecord[]>
}

interface TestClient {
  post: (body: unknown, headers?: Record<string, string>, path?: string) => Promise<TestResponse>
  get: (path: string, headers?: Record<string, string>) => Promise<TestResponse>
}

interface TestResponse {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

export interface GatewayOptions {
  environment?: Record<string, string>
  mappings?: Record<string, string | string[]>
  /** Members of config.yml in addition to model_mappings. */
  config?: object
  settings?: Partial<GatewaySettings>
}

/** Long enough for a machine that is busy with other tests. */
const DEADLINE = { timeout: 15_000, interval: 5 }

export async function startUpstream(): Promise<MockUpstream> {
  const upstream = await startMockUpstream()
  onTestFinished(upstream.close)
  return upstream
}

/** A gateway in this process that listens on a free port, with its logs in a new folder. */
export async function startGateway(options: GatewayOptions = {}): Promise<TestGateway> {
  const { environment = {}, mappings = {}, config = {}, settings: changed = {} } = options
  const settings = { ...gatewaySettings(environment, tempFolder()), ...changed }
  const operatorLog: string[] = []
  const onProblem = (problem: string) => void operatorLog.push(problem)
  const running = new RunningExchanges()
  const requestLog = new RequestLog({
    dir: settings.log.dir,
    suffix: settings.releaseId ? `.${settings.releaseId}` : '',
    onProblem,
  })
  const spans = settings.traces && new SpanExporter({ ...settings.traces, onProblem, intervalMs: 10 })
  const stream = { write: (line: string) => void operatorLog.push(line) }
  const parsed = parseConfigFile(JSON.stringify({ model_mappings: mappings, ...config }), 'config.yml')
  const gateway = buildGateway(settings, parsed, { requestLog, running, spans, logger: { level: 'debug', stream } })
  const { app } = gateway
  await app.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const dispatcher = new Agent()
  onTestFinished(async () => {
    await dispatcher.destroy()
    app.server.closeAllConnections()
    await app.close()
    await requestLog.close()
    await spans?.close()
  })
  const logDir = settings.log.dir
  const records = (count: number) => waitForRecords(requestLog, logDir, count)
  return { url, logDir, running, app, gateway, operatorLog, ...clientOf(url, dispatcher), records }
}

function clientOf(url: string, dispatcher: Agent): TestClient {
  const send = async (path: string, options: Parameters<typeof request>[1]): Promise<TestResponse> => {
    const { statusCode, headers, body } = await request(url + path, { ...options, dispatcher })
    return { status: statusCode, headers, text: await body.text() }
  }
  return {
    post: (body, headers = {}, path = '/v1/chat/completions') => {
      const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
      return send(path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: text })
    },
    get: (path, headers = {}) => send(path, { method: 'GET', headers }),
  }
}

async function waitForRecords(requestLog: RequestLog, dir: string, count: number): Promise<LogRecord[]> {
  await vi.waitFor(() => expect(readRecords(dir)).toHaveLength(count), DEADLINE)
  await requestLog.flush()
  const records = readRecords(dir)
  expect(records).toHaveLength(count)
  return records
}

/** A gateway in front of a mock provider that answers to `mock/<mode>`. */
export async function startWithUpstream(options: GatewayOptions = {}) {
  const upstream = await startUpstream()
  const environment = {
    OPENROUTER_API_KEY: 'upstream-key',
    OPENROUTER_BASE_URL: `${upstream.url}/api/v1`,
    ...options.environment,
  }
  const mappings = { 'mock/*': 'openrouter:mock/*', ...options.mappings }
  const gateway = await startGateway({ ...options, environment, mappings })
  return { upstream, gateway }
}

export function readRecords(dir: string): LogRecord[] {
  return logFiles(dir).flatMap((file) => {
    const lines = readFileSync(join(dir, file), 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as LogRecord)
  })
}

export function logFiles(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
  } catch {
    return []
  }
}

/** Polls until the assertion holds. */
export function eventually<T>(
  assertion: () => T | Promise<T>,
  { timeout }: { timeout: number } = DEADLINE,
): Promise<T> {
  return vi.waitFor(assertion, { ...DEADLINE, timeout })
}

export function chat(model: string, more: object = {}) {
  return { model, messages: [{ role: 'user', content: 'Hi there' }], ...more }
}

/** The header of a dialog that uses the first of these keys, as long as that key is not refused. */
export function dialogWithFirst(keys: readonly string[]): { 'x-dialog-id': string } {
  const ring = new KeyRing(keys)
  for (let number = 0; ; number++) {
    const id = `dialog-${number}`
    if (ring.next('any', affinityOf(Buffer.from(id)))?.value === keys[0]) return { 'x-dialog-id': id }
  }
}

/** The error object of a response in OpenAI's form. */
export function errorOf({ text }: { text: string }) {
  return JSON.parse(text).error
}

/** The `data:` payloads of an event stream, without [DONE]. */
export function chunksOf(text: string): { choices: { delta: { content?: string } }[]; [field: string]: unknown }[] {
  const data = text.split('\n').filter((line) => line.startsWith('data:'))
  return data
    .map((line) => line.slice('data:'.length).trim())
    .filter((json) => json !== '[DONE]')
    .map((json) => JSON.parse(json))
}
