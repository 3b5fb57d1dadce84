import { existsSync } from 'node:fs'
import { errorMessage } from '../../../kit/user-error.ts'
import type { Granularity } from '../../days.ts'
import { controlPath, isOwnControl } from '../../store/control/open-control.ts'
import { dropPositions } from '../../store/control/positions.ts'
import { type Retention, readRetention } from '../../store/control/retention.ts'
import { type LeaseOptions, withLease } from '../../store/folder/lease.ts'
import {
  daysOfPartition,
  findAllPartitions,
  type PartitionFile,
  partitionFor,
} from '../../store/folder/partition-files.ts'
import { readServerId, replaceServerId } from '../../store/folder/server-id.ts'
import { type Forgotten, forgetAgain, readForgotten } from '../../store/partition/erase.ts'
import { createPartition } from '../../store/partition/open-partition.ts'
import { findOldDatabases } from '../../store/predecessor/old-databases.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { finishErasures } from './finish-erasures.ts'
import { retainNow } from './retain.ts'

export interface ReapplyOptions extends LeaseOptions {
  /** Folder of the log database that came from a backup. */
  out: string
  /** Folders of log databases that may have forgotten or retained more; missing ones are left out. */
  from: readonly string[]
  /** Of partitions that are made for ids of days which `out` has none of. */
  granularity: Granularity
}

export interface ReapplyReport {
  /** How many requests are removed because another database has forgotten them. */
  forgotten: number
  /** What is kept now. */
  retention: Retention
  /** Databases whose erasures are not known, since they cannot be read. */
  unreadable: { path: string; reason: string }[]
  /** Paths of databases of the predecessor in `out`; they are not changed. */
  oldDatabases: string[]
}

/** What other databases know. */
interface Known extends Pick<ReapplyReport, 'unreadable'> {
  partitions: { file: PartitionFile; forgotten: Forgotten[] }[]
  retentions: Retention[]
  /** Id of the server under which requests were forgotten. */
  serverId: string | undefined
}

/**
 * Makes a log database that came from a backup fit for use: what other databases have forgotten or retained since then is
 * removed from it too, and the next ingest reads every log from its start. It can be repeated.
 * @throws UserError ERASURE_UNFINISHED while another process reads the database, DATABASE_IN_USE and others
 */
export async function reapply(options: ReapplyOptions): Promise<ReapplyReport> {
  const { out, from } = options
  const engine = await loadSqlite()
  return withLease(engine, out, options, () => {
    const known = readKnown(engine, from)
    const { serverId, unreadable } = known
    if (serverId !== undefined && serverId !== readServerId(out)) replaceServerId(out, serverId)
    const forgotten = known.partitions.reduce((sum, one) => sum + forgetIn(engine, options, one), 0)
    const keptFrom = strictest(known.retentions)
    if (hasOwnControl(engine, out) || keptFrom.metadata !== '' || keptFrom.bodies !== '') {
      retainNow(engine, { out, keptFrom, isDryRun: false })
      dropPositions(engine, out)
    }
    finishErasures(engine, out)
    return { forgotten, retention: readRetention(engine, out), unreadable, oldDatabases: findOldDatabases(engine, out) }
  })
}

/** False for the predecessor's. */
function hasOwnControl(engine: SqliteEngine, base: string): boolean {
  return !existsSync(controlPath(base)) || isOwnControl(engine, base)
}

function strictest(retentions: readonly Retention[]): Retention {
  const latest = (days: string[]) => days.sort().at(-1) ?? ''
  return {
    metadata: latest(retentions.map(({ metadata }) => metadata)),
    bodies: latest(retentions.map(({ bodies }) => bodies)),
  }
}

/** A database that cannot be read hides what it knows, but must not keep others from coming back. */
function readKnown(engine: SqliteEngine, folders: readonly string[]): Known {
  const known: Known = { partitions: [], retentions: [], unreadable: [], serverId: undefined }
  for (const base of folders) {
    const orNote = <T>(path: string, read: () => T): T | undefined => readOrNote(known, path, read)
    for (const file of orNote(base, () => findAllPartitions(base, {})) ?? []) {
      const forgotten = orNote(file.path, () => readForgotten(engine, file.path)) ?? []
      if (forgotten.length === 0) continue
      known.partitions.push({ file, forgotten })
      known.serverId = orNote(base, () => readServerId(base)) ?? known.serverId
    }
    const retention = orNote(controlPath(base), () => ownRetention(engine, base))
    if (retention !== undefined) known.retentions.push(retention)
  }
  return known
}

function readOrNote<T>({ unreadable }: Known, path: string, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    unreadable.push({ path, reason: errorMessage(error) })
    return undefined
  }
}

/** Undefined for the predecessor's database, which knows none. */
function ownRetention(engine: SqliteEngine, base: string): Retention | undefined {
  return isOwnControl(engine, base) ? readRetention(engine, base) : undefined
}

/** Also notes the ids where no partition is yet, since the logs may hold these requests. Returns how many are removed. */
function forgetIn(
  engine: SqliteEngine,
  { out, granularity }: ReapplyOptions,
  { file, forgotten }: Known['partitions'][number],
): number {
  const existing = findAllPartitions(out, { since: file.firstDay, to: file.lastDay }).map(({ path }) => path)
  const coming = daysOfPartition(file).map((day) => partitionFor(out, day, granularity))
  let removed = 0
  for (const path of new Set([...existing, ...coming])) {
    const present = existsSync(path) ? readForgotten(engine, path) : []
    const ids = new Set(present.map(({ requestId }) => requestId))
    const missing = forgotten.filter(({ requestId }) => !ids.has(requestId))
    if (missing.length > 0) removed += createPartition(engine, path, (db) => forgetAgain(db, missing))
  }
  return removed
}
