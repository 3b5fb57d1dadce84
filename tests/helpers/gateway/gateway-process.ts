import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { Agent, type Dispatcher, request } from 'undici'
import { expect } from 'vitest'
import { atEndOfFile } from '../end-of-file.ts'
import { compiledGateway } from '../process/compiled-package.ts'
import { freePort } from '../process/server-process.ts'
import { makeFolder, removeFolder } from '../temp-folder.ts'
import { eventually } from './gateway.ts'
import { startMockUpstream } from './mock-upstream.ts'

export interface GatewayProcess {
  url: string
  metricsUrl: string
  cwd: string
  process: ChildProcess
  output: { stdout: string; stderr: string }
  exit: Promise<number | null>
  post: (body: object, dispatcher?: Dispatcher) => Promise<Dispatcher.ResponseData>
}

/** Several processes need some time to start on a busy machine. */
export const STARTING = { timeout: 20_000 }

// Here and not in the first test, whose time limit is not meant for it.
const MAIN = compiledGateway()

// Everything here lives until the end of the test file, so that tests of one file may run at the same time.

/** `npm start` in a new folder. */
export function spawnGateway(environment: Record<string, string> = {}, dotenv = '', args: string[] = []) {
  const cwd = newFolder()
  if (dotenv) writeFileSync(join(cwd, '.env'), dotenv)
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], ...environment },
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (text) => {
    output.stdout += text
  })
  child.stderr.on('data', (text) => {
    output.stderr += text
  })
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve))
  atEndOfFile(() => {
    child.kill('SIGKILL')
    return exit
  })
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
  const agent = newAgent()
  const post = (body: object, dispatcher: Dispatcher = agent) =>
    request(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      dispatcher,
    })
  return { ...started, url, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`, post }
}

/** With a mock provider that answers to `mock/<mode>`; its config.yml is at `configPath`. */
export async function startProcessWithUpstream(more: Record<string, string> = {}) {
  const upstream = await startMockUpstream()
  atEndOfFile(upstream.close)
  const configPath = join(newFolder(), 'config.yml')
  writeFileSync(configPath, 'model_mappings:\n  "mock/*": "openrouter:mock/*"\n')
  const gateway = await startProcess({
    CONFIG_PATH: configPath,
    OPENROUTER_API_KEY: 'k',
    OPENROUTER_BASE_URL: upstream.url,
    ...more,
  })
  return { upstream, gateway, configPath }
}

/** A port on which something else listens. */
export async function usedPort(): Promise<number> {
  const server = createServer()
  atEndOfFile(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** An HTTP client with its own connections. */
export function newAgent(options: Agent.Options = {}): Agent {
  const agent = new Agent(options)
  atEndOfFile(() => agent.destroy())
  return agent
}

export function newFolder(): string {
  const folder = makeFolder()
  atEndOfFile(() => removeFolder(folder))
  return folder
}
