import { copyFileSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { findPartitions, partitionFor } from '../../store/folder/partition-files.ts'
import { adoptPartition, daysIn } from '../../store/merge/adopt-partition.ts'
import { isPartition } from '../../store/partition/open-partition.ts'
import { foldWal, isOfPredecessor, PredecessorDatabase } from '../../store/predecessor/predecessor-database.ts'
import { readFacts } from '../../store/snapshot/database-facts.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { removeDatabase } from '../../store/sqlite/remove-database.ts'
import { moveRows } from '../../verbs/convert/row-mover.ts'
import { memberInvalid } from '../verify/problems.ts'
import { importInto, type Receiver } from './import-into.ts'
import type { ImportReport } from './import-report.ts'
import type { StagedDatabase } from './stage.ts'

/** Adds the requests of one database of a bundle, whose file is used up. @throws UserError BUNDLE_INVALID and others */
export function importDatabase(
  engine: SqliteEngine,
  { file, path }: StagedDatabase,
  receiver: Receiver,
  report: ImportReport,
): void {
  if (file.bytes === 0) return // the predecessor bundles a database whose rows are all in its WAL like this
  if (isOfPredecessor(engine, path)) {
    for (const converted of convert(engine, path, file.path, receiver))
      importPartition(engine, converted, receiver, report)
    return
  }
  if (!isPartition(engine, path)) throw memberInvalid(file.path, 'is not a log database')
  const reason = adoptPartition(engine, path)
  if (reason !== undefined) throw memberInvalid(file.path, reason)
  requireListed(engine, path, file)
  importPartition(engine, path, receiver, report)
}

/** Makes partitions of a database of the predecessor, and proves that they have its rows. */
function convert(engine: SqliteEngine, path: string, name: string, { staging, settings }: Receiver): string[] {
  const out = join(staging, `${basename(path)}.converted`)
  mkdirSync(out)
  foldWal(engine, path)
  using old = new PredecessorDatabase(engine, path)
  const row = old.firstImpossible()
  if (row !== undefined)
    throw memberInvalid(name, `holds a row without an id or an endpoint, or out of range: rowid ${row}`)
  const options = {
    out,
    settings: { ...settings, granularity: 'daily' as const, isTextIndexEnabled: false },
    retention: { metadata: '', bodies: '' },
  }
  const { differing } = moveRows(engine, old, options)
  if (differing !== undefined) throw memberInvalid(name, `holds a request that cannot be taken over: ${differing}`)
  return findPartitions(out, {}).map((found) => found.path)
}

/** What metadata.json says of the requests; the predecessor's says nothing. */
function requireListed(
  engine: SqliteEngine,
  path: string,
  { path: name, rows, ids_sha256 }: StagedDatabase['file'],
): void {
  using db = engine.openReadonly(path)
  const facts = readFacts(db)
  const isListed = (rows ?? facts.rows) === facts.rows && (ids_sha256 ?? facts.idsSha256) === facts.idsSha256
  if (!isListed) throw memberInvalid(name, 'does not hold the requests that metadata.json lists')
}

/** Each day goes to its partition, so what comes from one of a week may go to several. */
function importPartition(engine: SqliteEngine, path: string, receiver: Receiver, report: ImportReport): void {
  const daysOf = new Map<string, string[]>()
  for (const day of daysIn(engine, path)) {
    const stored = partitionFor(receiver.out, day, receiver.settings.granularity)
    daysOf.set(stored, [...(daysOf.get(stored) ?? []), day])
  }
  for (const [stored, days] of daysOf) {
    const isOnly = daysOf.size === 1
    const part = isOnly ? path : `${path}.days`
    if (!isOnly) copyFileSync(path, part)
    importInto(engine, { part, stored, days: isOnly ? undefined : days }, receiver, report)
    removeDatabase(part)
  }
}
