import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../../kit/package-root.ts'
import { freePort } from '../helpers/process/server-process.ts'
import { measureBigBodies } from './gateway/big-bodies.ts'
import {
  type Contender,
  startBareRelay,
  startGateway,
  startLiteLlm,
  startNginxProxy,
  startPortkey,
  type UpstreamAddress,
} from './gateway/contenders.ts'
import { measureFixedRate } from './gateway/fixed-rate.ts'
import { measureNeighbours } from './gateway/neighbours.ts'
import { requireProgram, startNginx } from './gateway/nginx.ts'
import { measureRawRelay } from './gateway/raw-relay.ts'
import { measureRequests, WITHOUT_BODIES } from './gateway/requests.ts'
import { measureStart } from './gateway/start.ts'
import { measureStreams } from './gateway/streams.ts'
import { measureWorkers } from './gateway/workers.ts'
import type { Figure } from './table.ts'

/** What a provider answers, about 1 KB. */
const ANSWER = JSON.stringify({
  id: 'chatcmpl-bench-0123456789',
  object: 'chat.completion',
  created: 1700000000,
  model: 'provider/a-model',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'It is cold and clear in Oslo today, so wear a warm coat. '.repeat(14) },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: { prompt_tokens: 157, completion_tokens: 182, total_tokens: 339 },
})

/** Answers small bodies at once and big ones when they are here; nginx reads a body only to pass it on. */
function upstreamServer(port: number): string {
  return `default_type application/json;
    location / { if ($content_length ~ "^[0-9]{6}") { rewrite ^ /read last; } return 200 '${ANSWER}'; }
    location /read { proxy_pass http://127.0.0.1:${port}/whole; proxy_pass_request_body off; proxy_set_header Content-Length ""; }
    location /whole { return 200 '${ANSWER}'; }`
}

/** Our gateway next to nginx, Portkey, LiteLLM and a relay that does nothing else, all in front of the same upstream. */
export async function run(): Promise<Figure[]> {
  requireProgram('wrk')
  requireProgram('nginx')
  await promisify(execFile)('npm', ['run', 'build'], { cwd: packageRoot() })
  const folder = mkdtempSync(join(tmpdir(), 'ai-deploy-bench-'))
  try {
    const figures = [...(await measureStart(folder)), ...(await measureStreams(folder))]
    return [...(await measureWithNginx(folder)), ...figures, ...(await measureRawRelay(folder))]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureWithNginx(folder: string): Promise<Figure[]> {
  const port = await freePort()
  const address = { folder, upstream: `http://127.0.0.1:${port}` }
  const upstream = await startNginx({ folder, port, server: upstreamServer(port) })
  const contenders: Contender[] = []
  try {
    const workers = await measureWorkers(address)
    const neighbours = await measureNeighbours(address)
    for (const start of [
      startNginxProxy,
      startBareRelay,
      startGateway,
      startWithoutBodies,
      startPortkey,
      startLiteLlm,
    ]) {
      contenders.push(await start(address))
    }
    const direct = { url: `${address.upstream}/v1/chat/completions`, headers: {} }
    const requests = await measureRequests({ direct, contenders, folder })
    await measureFixedRate(contenders)
    return [...requests, ...(await measureBigBodies(contenders)), ...neighbours, ...workers]
  } finally {
    await Promise.all([upstream, ...contenders].map((server) => server.stop()))
  }
}

/** Its records have no bodies, for what these cost. */
function startWithoutBodies(address: UpstreamAddress): Promise<Contender> {
  const configPath = join(address.folder, 'without-bodies.yml')
  const config = { model_mappings: { 'bench-model': 'openrouter:provider/a-model' }, log: { bodies: 'none' } }
  writeFileSync(configPath, JSON.stringify(config))
  return startGateway(address, { name: WITHOUT_BODIES, configPath })
}
