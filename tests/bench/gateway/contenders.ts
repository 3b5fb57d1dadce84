import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../../kit/package-root.ts'
import { freePort, type RunningProcess, startScript, startServer } from '../../helpers/process/server-process.ts'
import { liteLlmConfig, liteLlmProgram } from './litellm.ts'
import { startNginx } from './nginx.ts'
import { portkeyEntry } from './portkey.ts'
import type { Target } from './wrk.ts'

export interface Contender extends Target, RunningProcess {
  name: string
}

export interface UpstreamAddress {
  folder: string
  /** The mock upstream's origin. */
  upstream: string
}

const PATH = '/v1/chat/completions'
const API_KEY = 'bench-key-of-a-client'
/** It takes only keys that begin like this. */
const LITELLM_KEY = 'sk-bench-key-of-a-client'

export interface GatewayOptions {
  name?: string
  /** Another one than that of this folder. */
  configPath?: string
  env?: Record<string, string>
}

/** Our gateway as it is run: built, with keys, a mapping and the log of whole bodies. */
export async function startGateway(
  { folder, upstream }: UpstreamAddress,
  { name = 'gateway', configPath = join(import.meta.dirname, 'config.yml'), env: more }: GatewayOptions = {},
): Promise<Contender> {
  const port = await freePort()
  const env = {
    PORT: String(port),
    METRICS_PORT: String(await freePort()),
    API_KEYS: `other:another-key-of-a-client,${API_KEY}`,
    CONFIG_PATH: configPath,
    LOG_DIR: join(folder, `logs-${port}`),
    OPENROUTER_API_KEY: 'upstream-key',
    OPENROUTER_BASE_URL: `${upstream}/v1`,
    ...more,
  }
  const main = join(packageRoot(), 'dist/proxy/main.js')
  const command = [process.execPath, main, '--no-dotenv']
  const server = await startServer(command, { cwd: folder, env, port })
  return contender(name, server, `http://127.0.0.1:${port}`, { authorization: `Bearer ${API_KEY}` })
}

export async function startBareRelay({ folder, upstream }: UpstreamAddress): Promise<Contender> {
  const port = await freePort()
  const script = join(import.meta.dirname, 'bare-relay.ts')
  const server = await startScript(script, [String(port), upstream], { cwd: folder, port })
  return contender('bare relay', server, `http://127.0.0.1:${port}`)
}

export async function startNginxProxy({ folder, upstream }: UpstreamAddress): Promise<Contender> {
  const port = await freePort()
  const server = await startNginx({
    folder,
    port,
    http: `upstream mock { server ${new URL(upstream).host}; keepalive 2048; keepalive_requests 1000000000; }`,
    server: 'location / { proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection ""; }',
  })
  return contender('nginx', server, `http://127.0.0.1:${port}`)
}

export async function startPortkey({ folder, upstream }: UpstreamAddress): Promise<Contender> {
  const port = await freePort()
  const command = [process.execPath, await portkeyEntry(), `--port=${port}`, '--headless']
  const server = await startServer(command, { cwd: folder, env: { TRUSTED_CUSTOM_HOSTS: '127.0.0.1' }, port })
  return contender('Portkey', server, `http://127.0.0.1:${port}`, {
    authorization: 'Bearer upstream-key',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${upstream}/v1`,
  })
}

/** With one worker, as all others here. */
export async function startLiteLlm({ folder, upstream }: UpstreamAddress): Promise<Contender> {
  const port = await freePort()
  const config = join(folder, `litellm-${port}.yaml`)
  writeFileSync(config, liteLlmConfig(upstream, LITELLM_KEY))
  const command = [await liteLlmProgram(), '--config', config, '--host', '127.0.0.1', '--port', String(port)]
  const env = { HOME: folder, LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_LOG: 'ERROR' }
  const server = await startServer(command, { cwd: folder, env, port, timeoutMs: 120_000 })
  return contender('LiteLLM', server, `http://127.0.0.1:${port}`, { authorization: `Bearer ${LITELLM_KEY}` })
}

function contender(name: string, server: RunningProcess, origin: string, headers: Record<string, string> = {}) {
  return { ...server, name, url: origin + PATH, headers }
}
