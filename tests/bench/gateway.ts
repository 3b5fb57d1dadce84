import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../../kit/package-root.ts'
import { startBareRelay, startGateway, startNginxProxy, startPortkey } from './gateway/contenders.ts'
import { requireProgram, startNginx } from './gateway/nginx.ts'
import { freePort } from './gateway/processes.ts'
import { measureRequests } from './gateway/requests.ts'
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

/** Our gateway beside nginx, Portkey and a relay that does nothing else, all in front of the same upstream. */
export async function run(): Promise<Figure[]> {
  requireProgram('wrk')
  await promisify(execFile)('npm', ['run', 'build'], { cwd: packageRoot() })
  const folder = mkdtempSync(join(tmpdir(), 'ai-deploy-bench-'))
  const started: { stop: () => Promise<void> }[] = []
  const keep = <T extends { stop: () => Promise<void> }>(server: T) => {
    started.push(server)
    return server
  }
  try {
    const port = await freePort()
    keep(await startNginx({ folder, port, location: `default_type application/json; return 200 '${ANSWER}';` }))
    const upstream = `http://127.0.0.1:${port}`
    const contenders = [
      keep(await startNginxProxy({ folder, upstream })),
      keep(await startBareRelay({ folder, upstream })),
      keep(await startGateway({ folder, upstream })),
      keep(await startPortkey({ folder, upstream })),
    ]
    return await measureRequests({
      direct: { url: `${upstream}/v1/chat/completions`, headers: {} },
      contenders,
      folder,
    })
  } finally {
    await Promise.all(started.map((server) => server.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}
