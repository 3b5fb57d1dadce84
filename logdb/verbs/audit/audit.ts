import { existsSync, statSync } from 'node:fs'
import { type KnownFiles, readKnownFiles } from '../../store/control/known-files.ts'
import { readLedgers, type SourceLedger } from '../../store/control/ledger.ts'
import { openControl } from '../../store/control/open-control.ts'
import { lostPartitions, partitionsWithRows } from '../../store/control/partitions.ts'
import { type LeftOut, logsLeftOut } from '../../store/control/stretches.ts'
import { findPartitions } from '../../store/folder/partition-files.ts'
import { isEmptyPartition, isPartition } from '../../store/partition/open-partition.ts'
import { type DamagedPartition, unlessDamaged } from '../../store/sqlite/damage.ts'
import type { Connection, SqliteEngine } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { countRows } from './count-rows.ts'
import { type UnreadLogs, unreadLogs } from './unread-files.ts'

export interface AuditOptions {
  /** Folder of the log database. */
  out: string
  /** Folder of the logs, to report what has not been read yet; without it that is not reported. */
  from?: string | undefined
  /** Also compares with the rows in the partitions. */
  isDeep: boolean
}

export interface AuditedSource extends SourceLedger {
  /** What does not add up, in words; empty if everything does. */
  problems: string[]
}

export interface AuditReport extends UnreadLogs {
  sources: AuditedSource[]
  /** Logs that are gone, with how many of their bytes had been left for a later run. */
  gone: LeftOut[]
  /** Partitions with rows that are gone, empty or cannot be opened. */
  lost: DamagedPartition[]
}

const NOTHING_UNREAD: UnreadLogs = { unread: [], incomplete: [], ignored: [] }

/**
 * Proves that every byte of every source is accounted for: as an ingested record, as a duplicate, as text that is not a
 * record, as outside the dates asked for, or as set aside.
 * @throws UserError
 */
export async function audit({ out, from, isDeep }: AuditOptions): Promise<AuditReport> {
  const engine = await loadSqlite()
  const { ledgers, known, leftOut, lost } = readState(engine, out)
  const rows = isDeep ? countRows(engine, out) : undefined
  const sources = ledgers.map((ledger) => {
    const problems = ledgerProblems(ledger)
    const missing = rows && ledger.booked.ingested - (rows.bytesOf.get(ledger.id) ?? 0)
    if (missing && !(missing > 0 && rows.wereRemoved)) problems.push(rowProblem(missing))
    return { ...ledger, problems }
  })
  const gone = leftOut.filter(({ path }) => !existsSync(path))
  return { sources, gone, lost, ...(from === undefined ? NOTHING_UNREAD : await unreadLogs(from, known)) }
}

interface State {
  ledgers: SourceLedger[]
  known: KnownFiles
  leftOut: LeftOut[]
  lost: DamagedPartition[]
}

function readState(engine: SqliteEngine, base: string): State {
  using db = openControl(engine, base)
  if (!db) return { ledgers: [], known: { sources: [], finished: new Map() }, leftOut: [], lost: [] }
  return {
    ledgers: readLedgers(db),
    known: readKnownFiles(db),
    leftOut: logsLeftOut(db),
    lost: damagedPartitions(engine, db, base),
  }
}

/**
 * Those that are lost, and those that are present and cannot be opened. An empty file or database that never had rows is
 * neither: a run on a full disk leaves one.
 */
function damagedPartitions(engine: SqliteEngine, control: Connection, base: string): DamagedPartition[] {
  const damaged = lostPartitions(control, base)
  const withRows = partitionsWithRows(control, base)
  for (const { path } of findPartitions(base, {})) {
    if (statSync(path).size === 0) continue
    unlessDamaged(
      damaged,
      path,
      () => (!withRows.has(path) && isEmptyPartition(engine, path)) || isPartition(engine, path),
    )
  }
  return damaged
}

function ledgerProblems({ offset, booked, gapBytes, errorBytes }: SourceLedger): string[] {
  const total = Object.values(booked).reduce((sum, bytes) => sum + bytes, 0)
  const pairs = [
    { found: total, expected: offset, problem: `${total} bytes are booked, but ${offset} were read` },
    {
      found: gapBytes,
      expected: booked.filtered,
      problem: `${booked.filtered} bytes are booked as filtered, but the gaps hold ${gapBytes}`,
    },
    {
      found: errorBytes,
      expected: booked.quarantined,
      problem: `${booked.quarantined} bytes are booked as quarantined, but the errors hold ${errorBytes}`,
    },
  ]
  return pairs.filter(({ found, expected }) => found !== expected).map(({ problem }) => problem)
}

function rowProblem(missingBytes: number): string {
  return missingBytes > 0
    ? `the partitions lack rows of ${missingBytes} bytes that are booked as ingested`
    : `the partitions have rows of ${-missingBytes} bytes that are not booked as ingested`
}
