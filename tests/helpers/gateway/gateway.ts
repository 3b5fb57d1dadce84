import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { expect, onTestFinished, vi } from 'vitest'
import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import type { LogRecord } from '../../../kit/log-record.ts'
import { RunningExchanges } from '../../../proxy/exchange/running.ts'
import { buildGateway, type Gateway } from '../../../proxy/http/build-gateway.ts'
import { RequestLog } from '../../../proxy/log/writer.ts'
import { type GatewaySettings, gatewaySettings } from '../../../proxy/settings.ts'
import { type MockUpstream, startMockUpstream } from './mock-upstream.ts'

export interface TestGateway {
  url: string
  logDir: string
  running: RunningExchanges
  app: Gateway['app']
  gateway: Gateway
  /** Lines of the operator's log. */
  operatorLog: string[]
  post: (body: unknown, headers?: Record<string, string>, path?: string) => Promise<TestResponse>
  get: (path: string, headers?: Record<string, string>) => Promise<TestResponse>
  /** Waits until the log holds so many records, and fails if there are more. */
  records: (count: number) => Promise<LogRecord[]>
}

export interface TestResponse {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

export interface GatewayOptions {
  environment?: Record<string, string>
  mappings?: Record<string, string>
  /** Members of config.yml beside model_mappings. */
  config?: object
  settings?: Partial<GatewaySettings>
}

const DEADLINE = { timeout: 5_000, interval: 5 }

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export async function startUpstream(): Promise<MockUpstream> {
  const upstream = await startMockUpstream()
  onTestFinished(upstream.close)
  return upstream
}

/** A gateway in this process that listens on a port of its own, with logs in a folder of its own. */
export async function startGateway(options: GatewayOptions = {}): Promise<TestGateway> {
  const { environment = {}, mappings = {}, config = {}, settings: changed = {} } = options
  const settings = { ...gatewaySettings(environment, temporaryFolder()), ...changed }
  const operatorLog: string[] = []
  const running = new RunningExchanges()
  const requestLog = new RequestLog({
    dir: settings.log.dir,
    suffix: settings.releaseId ? `.${settings.releaseId}` : '',
    onProblem: (problem) => operatorLog.push(problem),
  })
  const stream = { write: (line: string) => void operatorLog.push(line) }
  const parsed = parseConfigFile(JSON.stringify({ model_mappings: mappings, ...config }), 'config.yml')
  const gateway = buildGateway(settings, parsed, { requestLog, running, logger: { level: 'debug', stream } })
  const { app } = gateway
  await app.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const dispatcher = new Agent()
  onTestFinished(async () => {
    await dispatcher.destroy()
    app.server.closeAllConnections()
    await app.close()
    await requestLog.close()
  })
  const send = async (
    method: 'GET' | 'POST',
    path: string,
    headers: Record<string, string>,
    body?: string | Buffer,
  ) => {
    const response = await request(url + path, { method, headers, dispatcher, body: body ?? null })
    return { status: response.statusCode, headers: response.headers, text: await response.body.text() }
  }
  return {
    url,
    logDir: settings.log.dir,
    running,
    app,
    gateway,
    operatorLog,
    post: (body, headers = {}, path = '/v1/chat/completions') => {
      const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
      return send('POST', path, { 'content-type': 'application/json', ...headers }, text)
    },
    get: (path, headers = {}) => send('GET', path, headers),
    records: async (count) => {
      await vi.waitFor(() => expect(readRecords(settings.log.dir)).toHaveLength(count), DEADLINE)
      await requestLog.flush()
      const records = readRecords(settings.log.dir)
      expect(records).toHaveLength(count)
      return records
    },
  }
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
    return readdirSync(dir).sort()
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

/** The `data:` payloads of an event stream, [DONE] left out. */
export function chunksOf(text: string): { choices: { delta: { content?: string } }[]; [field: string]: unknown }[] {
  const data = text.split('\n').filter((line) => line.startsWith('data:'))
  return data
    .map((line) => line.slice('data:'.length).trim())
    .filter((json) => json !== '[DONE]')
    .map((json) => JSON.parse(json))
}
