import { createReadStream } from 'node:fs'
import { judgeDatabases } from '../remote/backup/judge-databases.ts'
import type { Archive } from '../server/backup/archive.ts'
import { type Facts, hasImage, liveRelease } from '../server/facts.ts'
import { readPairs } from '../server/pairs.ts'
import type { OpenServer } from '../session/open-server.ts'

/** What SQLite says about a log database of a backup. */
interface JudgedDatabase {
  path: string
  /** Null if it is whole. */
  problem: string | null
}

/** Why they were not judged, or what came of it. */
export type Judgement = { databases: JudgedDatabase[] } | { reason: string }

/** Checks the log databases of a backup on the server, where an image with SQLite is. */
export async function judgeBackup({ connection, facts, layout }: OpenServer, archive: Archive): Promise<Judgement> {
  if (!archive.hasLogs) return { databases: [] }
  const image = imageWithSqlite(facts)
  if (image === undefined) return { reason: 'no image of a release is on the server' }
  const { isLocal, path } = archive
  const command = judgeDatabases({ folder: layout.folder, archive: isLocal ? null : path, image })
  const options = isLocal ? { stdin: createReadStream(path) } : {}
  const { exitCode, stdout, stderr } = await connection.host.exec(command, options)
  const pairs = readPairs(stdout)
  const reason = pairs.one('unjudged')
  if (reason !== undefined) return { reason }
  if (exitCode !== 0) return { reason: stderr.trim() || `exit code ${exitCode}` }
  return { databases: pairs.all('judged').map((text): JudgedDatabase => JSON.parse(text)) }
}

/** Of the live release, else of the newest one that has one. */
function imageWithSqlite(facts: Facts): string | undefined {
  const newestFirst = [...facts.manifests].sort((a, b) => (a.id < b.id ? 1 : -1)).map(({ image }) => image)
  return [liveRelease(facts)?.manifest.image ?? '', ...newestFirst].find((image) => hasImage(facts, image))
}
