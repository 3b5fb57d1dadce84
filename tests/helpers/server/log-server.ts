import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../../kit/package-root.ts'
import { chat, jsonl, record, timestampAt } from '../logdb/logs.ts'
import { tempFolder } from '../temp-folder.ts'
import { IMAGE } from './docker-that-runs-here.ts'

const RELEASE = '20260901-101112'

/** Adds a log with so many requests of a day, which its name tells from others. */
export function addLog(server: string, name: string, day: string, count: number): void {
  const records = Array.from({ length: count }, (_, index) =>
    record({
      timestamp: timestampAt(index, `${day}T12:00:00Z`),
      x_request_id: `${day}-${name}-${index}`,
      request: chat(`about ${name} ${index}`),
    }),
  )
  writeFileSync(join(server, `logs/requests-${day}.${name}.jsonl`), jsonl(records))
}

/** A server's folder with a release, and a log with 100 requests of each of these days. */
export function makeLogServer(name: string, days: readonly string[]): string {
  const server = join(tempFolder(), name)
  for (const folder of ['scripts', 'logs', `releases/${RELEASE}`]) mkdirSync(join(server, folder), { recursive: true })
  copyFileSync(join(packageRoot(), 'templates/server-logdb.sh'), join(server, 'scripts/logdb'))
  chmodSync(join(server, 'scripts/logdb'), 0o755)
  writeFileSync(join(server, 'state.json'), JSON.stringify({ live: { release: RELEASE } }, null, 1))
  writeFileSync(join(server, `releases/${RELEASE}/manifest.json`), JSON.stringify({ image: IMAGE }, null, 1))
  for (const day of days) addLog(server, name, day, 100)
  return server
}
