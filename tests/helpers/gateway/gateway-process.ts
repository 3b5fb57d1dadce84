import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Agent, type Dispatcher, request } from 'undici'
import { expect, onTestFinished } from 'vitest'
import { packageRoot } from '../../../kit/package-root.ts'
import { eventually, startUpstream, temporaryFolder } from './gateway.ts'

export interface GatewayProcess {
  url: string
  metricsUrl: string
  cwd: string
  process: ChildProcess
  output: { stdout: string; stderr: string }
  exit: Promise<number | null>
  post: (body: object, dispatcher?: Dispatcher) => Promise<Dispatcher.ResponseData>
}

/** Several processes that translate TypeScript take their time on a busy machine. */
export const STARTING = { timeout: 20_000 }

/** `npm start` in a folder of its own, from the sources. */
export function spawnGateway(environment: Record<string, string> = {}, dotenv = '', args: string[] = []) {
  const cwd = temporaryFolder()
  if (dotenv) writeFileSync(join(cwd, '.env'), dotenv)
  const main = join(packageRoot(), 'proxy/main.ts')
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), main, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], ...environment },
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (text) => {
    output.stdout += text
  })
  child.stderr.on('data', (text) => {
    output.stderr += text
  })
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { cwd, process: child, output, exit }
}

export async function startProcess(environment: Record<string, string> = {}, dotenv = ''): Promise<GatewayProcess> {
  const metricsPort = await freePort()
  const ports = { PORT: String(await freePort()), METRICS_PORT: String(metricsPort) }
  const started = spawnGateway({ ...ports, ...environment }, dotenv)
  const url = await eventually(() => {
    const { stdout, stderr } = started.output
    const address = environment['RELEASE_ID'] ? /listening at ([^"]+)/.exec(stdout) : /listens on (\S+)/.exec(stderr)
    expect(address, stderr).not.toBeNull()
    return String(address?.[1])
  }, STARTING)
  const agent = new Agent()
  onTestFinished(() => agent.destroy())
  const post = (body: object, dispatcher: Dispatcher = agent) =>
    request(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      dispatcher,
    })
  return { ...started, url, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`, post }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

/** With a mock provider that answers to `mock/<mode>`; its config.yml is at `configPath`. */
export async function startProcessWithUpstream(more: Record<string, string> = {}) {
  const upstream = await startUpstream()
  const cwd = temporaryFolder()
  const configPath = join(cwd, 'config.yml')
  writeFileSync(configPath, 'model_mappings:\n  "mock/*": "openrouter:mock/*"\n')
  const gateway = await startProcess({
    CONFIG_PATH: configPath,
    OPENROUTER_API_KEY: 'k',
    OPENROUTER_BASE_URL: upstream.url,
    ...more,
  })
  return { upstream, gateway, configPath }
}
