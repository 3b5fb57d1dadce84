import { UserError } from '../../kit/user-error.ts'
import { findPartitions } from '../partitions.ts'
import { createServerId, readServerId, type ServerIdentity } from '../server-id.ts'
import type { LogdbSettings } from '../settings.ts'
import { findLogFiles, type LogFile } from '../sources/find.ts'
import { UnreadableSource } from '../sources/input.ts'
import { Control, controlPath, type DayRange, knownServerIds } from '../store/control.ts'
import { readRetention } from '../store/retention.ts'
import { EXIT_REFUSED, loadSqlite, type SqliteEngine } from '../store/sqlite.ts'
import { type IngestContext, ingestFile } from './ingest-file.ts'
import { openLanes } from './lanes.ts'
import { PartitionSet } from './partition-set.ts'
import { emptyReport, type IngestReport } from './report.ts'
import { Writer } from './writer.ts'

export interface IngestOptions extends DayRange {
  /** Folder of the logs. */
  from: string
  /** Folder of the log database. */
  out: string
  settings: LogdbSettings
  /** Ends the run early, after a clean commit. */
  signal?: AbortSignal
  /** Called after each commit. */
  onProgress?: (report: IngestReport) => void
}

/**
 * Reads what is new in the logs into the log database. Safe to run twice and to kill: nothing is lost or doubled.
 * Records that cannot be read, and files that cannot, are in the report and stop nothing.
 * @throws UserError
 */
export async function ingest(options: IngestOptions): Promise<IngestReport> {
  const { from, out, settings, since, to, signal = new AbortController().signal } = options
  const { onProgress = () => {} } = options
  const startedMs = performance.now()
  const { files, unreadable } = findLogFiles(from)
  const engine = await loadSqlite()
  const server = resolveServer(engine, out, settings)
  const retention = readRetention(engine, out)
  const control = new Control(engine, out)
  const partitions = new PartitionSet(engine, { server, withTextIndex: settings.isTextIndexEnabled })
  const report = { ...emptyReport(), unreadable }
  const writer = new Writer(control, partitions, report, onProgress)
  const lanes = openLanes(settings, { out, serverId: server.serverId, retention })
  try {
    control.registerServer(server)
    const shared = { control, writer, days: { since, to }, report, signal, busy: new Set<number>() }
    const contexts = lanes.map((lane) => ({ ...shared, readerFor: (sizeBytes: number) => lane.for(sizeBytes) }))
    const copies = await Promise.all(contexts.map((context) => readFiles(files, context)))
    for (const context of contexts.slice(0, 1)) await readFiles(copies.flat(), context)
    writer.commit()
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()))
    partitions.close()
    control.close()
  }
  return { ...report, isInterrupted: signal.aborted, elapsedMs: performance.now() - startedMs }
}

/**
 * Takes files from the list until there are no more; several lanes may share one list. Returns those whose content another
 * lane was reading from another file.
 */
async function readFiles(files: LogFile[], context: IngestContext): Promise<LogFile[]> {
  const { report, signal } = context
  const copies: LogFile[] = []
  for (let file = files.shift(); file && !signal.aborted; file = files.shift()) {
    const { path } = file
    const isDone = await ingestFile(file, context).catch((error: unknown) => {
      if (!(error instanceof UnreadableSource)) throw error
      report.unreadable.push({ path, reason: error.message })
      return true
    })
    if (isDone) report.filesScanned++
    else copies.push(file)
  }
  return copies
}

/**
 * LOGDB_SERVER_ID, else the id of the log database, else a new one.
 * @throws UserError SERVER_ID_MISSING if there are rows but their id is gone: with another one every row would come twice
 */
function resolveServer(engine: SqliteEngine, base: string, settings: LogdbSettings): ServerIdentity {
  const { hostname, env } = settings
  const given = settings.serverId ?? readServerId(base)
  if (given) return { serverId: given, hostname, env }
  const known = knownServerIds(engine, [controlPath(base), ...findPartitions(base, {}).map(({ path }) => path)])
  if (known.length === 0) return { serverId: createServerId(base, settings), hostname, env }
  throw new UserError('SERVER_ID_MISSING', `${base} holds rows of ${known.join(', ')}, but its .server_id is gone`, {
    hint: `put it back: echo ${known[0]} > ${base}/.server_id`,
    exitCode: EXIT_REFUSED,
  })
}
