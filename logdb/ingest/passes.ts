import { existsSync, statSync } from 'node:fs'
import type { DayRange } from '../days.ts'
import { logdbError } from '../error-table.ts'
import type { LogdbSettings } from '../settings.ts'
import { findLogFiles, type LogFile } from '../sources/find.ts'
import { UnreadableSource } from '../sources/input.ts'
import { Control } from '../store/control/control.ts'
import { controlPath } from '../store/control/open-control.ts'
import { knownServerIds } from '../store/control/servers.ts'
import { withLease } from '../store/folder/lease.ts'
import { findPartitions } from '../store/folder/partition-files.ts'
import { createServerId, readServerId, type ServerIdentity } from '../store/folder/server-id.ts'
import { isPartition } from '../store/partition/open-partition.ts'
import { Partition } from '../store/rows/partition.ts'
import { PartitionSet } from '../store/rows/partition-set.ts'
import type { SqliteEngine } from '../store/sqlite/engine.ts'
import { loadSqlite } from '../store/sqlite/open.ts'
import { type IngestContext, ingestFile } from './file.ts'
import { openLanes } from './lanes.ts'
import type { IngestReport } from './report.ts'
import { Writer } from './writer.ts'

/**
 * What to read, and where to.
 * @example
 * const options: IngestOptions = { from: 'logs', out: 'logs/db', settings: readSettings({}), since: '2025-09-01' }
 */
export interface IngestOptions extends DayRange {
  /** Folder of the logs. */
  from: string
  /** Folder of the log database. */
  out: string
  settings: LogdbSettings
  /** How long to wait for another process that is writing to the database, in milliseconds; 0 if absent. */
  waitMs?: number | undefined
  /** Ends the run early, after a clean commit. */
  signal?: AbortSignal | undefined
  /** Called after each commit. */
  onProgress?: ((report: IngestReport, progress: Progress) => void) | undefined
}

/**
 * How far a run is, in bytes of the files on the disk, which may be compressed.
 * @example
 * const show = ({ doneBytes, totalBytes }: Progress) => console.error(`${doneBytes} of ${totalBytes} bytes`)
 */
export interface Progress {
  doneBytes: number
  /** An estimate. */
  totalBytes: number
}

/** What is open while logs are read into a database. */
interface Opened {
  server: ServerIdentity
  control: Control
  partitions: PartitionSet<Partition>
}

/** Reads what is new in the logs into a log database, as often as `run` is called. */
export class Passes {
  readonly #engine: SqliteEngine
  readonly #options: IngestOptions
  readonly #signal: AbortSignal
  readonly #added = new Set<string>()
  #opened: Opened | undefined

  private constructor(engine: SqliteEngine, options: IngestOptions) {
    this.#engine = engine
    this.#options = options
    this.#signal = options.signal ?? new AbortController().signal
  }

  static async create(options: IngestOptions): Promise<Passes> {
    return new Passes(await loadSqlite(), options)
  }

  /** Paths of the partitions that were made. */
  get added(): ReadonlySet<string> {
    return this.#added
  }

  /** Reads what is new and adds to the report. @throws UserError */
  async run(report: IngestReport): Promise<void> {
    const { from, out, waitMs } = this.#options
    const { files, unreadable, ignored } = findLogFiles(from)
    report.unreadable.push(...unreadable, ...ignored)
    await withLease(this.#engine, out, { waitMs, signal: this.#signal }, () => this.#pass(files, report))
  }

  /** Closes the database; the next pass opens it again. */
  close(): void {
    this.#opened?.partitions.close()
    this.#opened?.control.close()
    this.#opened = undefined
  }

  async #pass(files: LogFile[], report: IngestReport): Promise<void> {
    const { out, settings, since, to, onProgress } = this.#options
    this.#opened ??= this.#open(report)
    const { server, control, partitions } = this.#opened
    partitions.closeRemoved()
    const totalBytes = onProgress ? expectedBytes(files, control) : 0
    const onCommit = (doneBytes: number) => onProgress?.(report, { doneBytes, totalBytes })
    const writer = new Writer(control, partitions, report, onCommit)
    const lanes = openLanes(settings, { out, serverId: server.serverId, retention: control.retention() })
    const context = { control, writer, days: { since, to }, report, signal: this.#signal, busy: new Set<number>() }
    const inLane = lanes.map((lane) => ({ ...context, readerFor: (sizeBytes: number) => lane.for(sizeBytes) }))
    try {
      const copies = await Promise.all(inLane.map((lane) => readFiles(files, lane)))
      for (const lane of inLane.slice(0, 1)) await readFiles(copies.flat(), lane)
      writer.commit()
      partitions.closeUnused()
      report.lost.push(...control.lostPartitions())
      report.gone.push(...control.logsLeftOut().filter(({ path }) => !existsSync(path)))
    } finally {
      await Promise.all(lanes.map((lane) => lane.close()))
    }
  }

  #open(report: IngestReport): Opened {
    const { out, settings } = this.#options
    const server = resolveServer(this.#engine, out, settings)
    const control = new Control(this.#engine, out)
    control.registerServer(server)
    control.notePartitions((path) => isPartition(this.#engine, path))
    const options = { server, isTextIndexed: settings.isTextIndexEnabled }
    const partitions = new PartitionSet((path) => {
      control.noteIfLost(path)
      if (!existsSync(path)) this.#added.add(path)
      const partition = new Partition(this.#engine, path, options)
      if (partition.wasSealed) report.unsealed.push(path)
      return partition
    })
    return { server, control, partitions }
  }
}

/** How many bytes of these files have not been read yet; a renamed file is taken for a new one. */
function expectedBytes(files: readonly LogFile[], control: Control): number {
  const expected = files.map(({ path }) => {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    return Math.max(0, size - control.sources.readTo(path))
  })
  return expected.reduce((sum, bytes) => sum + bytes, 0)
}

/**
 * Takes files from the list until it is empty; several lanes may share one list. Returns those whose content another lane
 * was reading from another file.
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
 * @throws UserError SERVER_ID_MISSING if there are rows but their id is gone: with another id every row would come twice
 */
function resolveServer(engine: SqliteEngine, base: string, settings: LogdbSettings): ServerIdentity {
  const { hostname, env } = settings
  const given = settings.serverId ?? readServerId(base)
  if (given) return { serverId: given, hostname, env }
  const known = knownServerIds(engine, [controlPath(base), ...findPartitions(base, {}).map(({ path }) => path)])
  if (known.length === 0) return { serverId: createServerId(base, settings), hostname, env }
  const message = `${base} holds rows of ${known.join(', ')}, but its .server_id is gone`
  throw logdbError('SERVER_ID_MISSING', message, `put it back: echo ${known[0]} > ${base}/.server_id`)
}
