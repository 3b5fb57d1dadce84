import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { corpus } from './corpus.ts'

const LOGDB = join(import.meta.dirname, '../../dist/logdb/cli.js')
const SERVER_ID = '00000000-0000-0000-0000-000000000000'

/** The compiled Logs UI with the requests of the pictures. */
export async function serveCorpus(key: string): Promise<{ origin: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'ui-pictures-'))
  await mkdir(join(folder, 'logs'))
  const lines = corpus().map((record) => `${JSON.stringify(record)}\n`)
  writeFileSync(join(folder, 'logs/requests-pictures.jsonl'), lines.join(''))
  const options = { cwd: folder, env: { ...process.env, LOGDB_SERVER_ID: SERVER_ID, LOGUI_API_KEYS: key } }
  execFileSync(process.execPath, [LOGDB, 'ingest'], { ...options, stdio: 'ignore' })
  const child = spawn(process.execPath, [LOGDB, 'ui', '--no-open', '--port', '0'], options)
  const [text] = (await once(child.stdout, 'data')) as [Buffer]
  const stop = async () => {
    child.kill('SIGTERM')
    await once(child, 'close')
    rmSync(folder, { recursive: true })
  }
  return { origin: new URL(text.toString('utf8').trim()).origin, stop }
}
