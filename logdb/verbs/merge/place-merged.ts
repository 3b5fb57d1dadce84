import { existsSync, statSync } from 'node:fs'
import { dirname, relative, sep } from 'node:path'
import { configInvalid } from '../../../kit/user-error.ts'
import { changeControl } from '../../store/control/open-control.ts'
import { forgetPartition, notePartition } from '../../store/control/partitions.ts'
import { moveDurably, syncPath } from '../../store/folder/durable.ts'
import { daysNamed, partitionFile } from '../../store/folder/partition-files.ts'
import { forgetReplaced, replace, replacedPartitions, willReplace } from '../../store/folder/replaced-partitions.ts'
import { isSealed } from '../../store/partition/seal.ts'
import { foldWal } from '../../store/predecessor/predecessor-database.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { removeDatabase } from '../../store/sqlite/remove-database.ts'

/** What a merged file is in a log database. */
export interface Place {
  base: string
  path: string
  /** Sources that verbs need not read any more once the file is in its place. */
  replaced: string[]
  /** Another partition that has rows of the sources already, so that this file is only a copy; undefined for a partition. */
  copyOf: string | undefined
}

/**
 * Decides what a file will be. In the log database, with a name that says its days, it is the partition of its sources; anywhere
 * else, and if some of them were merged into another one before, a copy that verbs do not read.
 * @throws UserError CONFIG_INVALID if verbs would lose rows, or read them twice
 */
export function placeOf(base: string, path: string, sources: readonly string[]): Place {
  const replaced = replacedPartitions(base)
  const own = sources.filter((source) => isInside(base, source) && daysNamed(source) !== undefined)
  if (!isInside(base, path) || daysNamed(path) === undefined) return { base, path, replaced: [], copyOf: undefined }
  const others = own
    .flatMap((source) => replaced.get(source) ?? [])
    .filter((other) => other !== path && !sources.includes(other))
  const [copyOf] = [...(replaced.has(path) ? [replaced.get(path) as string] : []), ...others]
  if (copyOf !== undefined && existsSync(path) && !replaced.has(path)) {
    const hint = `give another folder with --from, or merge into ${copyOf}`
    throw configInvalid(`some of these partitions were merged into ${copyOf}, so ${path} cannot have them too`, hint)
  }
  return { base, path, replaced: copyOf === undefined ? own : [], copyOf }
}

/** @throws UserError CONFIG_INVALID if rows would leave the log database with the sources */
export function requireDeletable({ base, replaced }: Place, sources: readonly string[]): void {
  const inOthers = replacedPartitions(base)
  const lost = sources.find((source) => {
    return isInside(base, source) && daysNamed(source) && !replaced.includes(source) && !inOthers.has(source)
  })
  if (lost === undefined) return
  const hint = 'give --to a name like logs/db/2025/M09/ai_proxy_202509.sqlite3 or logs/db/monthly/2025-09.sqlite3'
  throw configInvalid(`without ${lost} other verbs would not find its requests`, hint)
}

/** Puts a merged file where it belongs. From the rename on, and not before, verbs read it instead of its sources. */
export function placeFile(engine: SqliteEngine, file: string, { base, path, replaced, copyOf }: Place): void {
  if (existsSync(path) && !isSealed(engine, path)) foldWal(engine, path)
  if (copyOf !== undefined) replace(base, copyOf, [path])
  else if (replaced.length > 0) willReplace(base, file, path, replaced)
  moveDurably(file, path)
  if (replaced.length === 0) return
  replace(base, path, replaced)
  changeControl(engine, base, (control) => {
    notePartition(control, base, path)
    control.exec('COMMIT')
  })
}

/**
 * Deletes sources, whose requests are proven to be in the merged file.
 * @throws UserError DATABASE_BUSY while another process uses one
 */
export function deleteSources(engine: SqliteEngine, { base }: Place, sources: readonly string[]): void {
  for (const source of sources) {
    if (!isSealed(engine, source)) foldWal(engine, source)
    const isOwn = isInside(base, source) && partitionFile(source) !== undefined
    if (isOwn) changeControl(engine, base, (control) => forgetPartition(control, base, source))
    removeDatabase(source)
    syncPath(dirname(source))
    if (isOwn) forgetReplaced(base, [source])
  }
}

export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return (
    way !== '' &&
    way !== '..' &&
    !way.startsWith(`..${sep}`) &&
    statSync(folder, { throwIfNoEntry: false }) !== undefined
  )
}
