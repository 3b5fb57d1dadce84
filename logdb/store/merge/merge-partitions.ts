import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Retention } from '../control/retention.ts'
import { requireFreeBytes } from '../folder/free-space.ts'
import { isCurrentPartition, openWritablePartition } from '../partition/open-partition.ts'
import { sealPartition } from '../partition/seal.ts'
import { closeCheckpointed } from '../sqlite/compact.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { removeDatabase } from '../sqlite/remove-database.ts'
import { type CopiedRows, copyAttached, withSource } from './copy-rows.ts'
import { type DoubledRequests, doubledRequests, finishMerge, timesOf } from './finish-merge.ts'
import { type MissingRows, missingRows } from './prove-rows.ts'
import type { RenamedServers } from './renamed-servers.ts'

export interface MergeRules {
  retention: Retention
  isTextIndexed: boolean
  renamed: RenamedServers
}

/** A partition that was merged into another one. */
export interface MergedSource {
  path: string
  requests: number
  /** How many of them no other one had before. */
  added: number
}

export interface MergedPartition {
  sources: MergedSource[]
  /** How many requests the merged partition has. */
  requests: number
  doubled: DoubledRequests[]
  /** Of its requests, in seconds since 1970; undefined if it has none. */
  times: { first: number; last: number } | undefined
  /** What the proof found, for each source with a problem. */
  problems: (MissingRows & { path: string })[]
}

/**
 * Makes a sealed partition of all requests of others, and compares each of them afterwards. The others are not changed. What
 * a killed run has left is overwritten.
 * @param path of the new partition, which is there only if this succeeds
 * @throws UserError
 */
export function mergePartitions(
  engine: SqliteEngine,
  path: string,
  sources: readonly string[],
  rules: MergeRules,
): MergedPartition {
  mkdirSync(dirname(path), { recursive: true })
  removeDatabase(path)
  requireSpace(path, sources)
  try {
    const copied = copyAll(engine, path, sources, rules)
    sealPartition(engine, path)
    return { ...copied, problems: problemsOf(engine, path, sources, rules) }
  } catch (error) {
    removeDatabase(path)
    throw error
  }
}

/** The merged rows are written twice: once as they come, once compact. */
function requireSpace(path: string, sources: readonly string[]): void {
  const neededBytes = 2 * sources.reduce((sum, source) => sum + statSync(source).size, 0)
  requireFreeBytes(dirname(path), neededBytes, `the merged partition ${path}`)
}

function copyAll(engine: SqliteEngine, path: string, sources: readonly string[], rules: MergeRules) {
  const db = openWritablePartition(engine, path)
  try {
    db.pragma('synchronous = OFF') // a file that is not complete is never used
    const copied = sources.map((source) => {
      return { path: source, ...inCurrentVersion(engine, path, source, (one) => copyInto(db, one, rules.renamed)) }
    })
    finishMerge(db, rules.retention, rules.isTextIndexed)
    const requests = Number(db.prepareValue('SELECT count(*) FROM z_req').get())
    return { sources: copied, requests, doubled: doubledRequests(db), times: timesOf(db) }
  } finally {
    closeCheckpointed(db)
  }
}

/** Afterwards `finishMerge` is due. */
function copyInto(db: Connection, path: string, renamed: RenamedServers): CopiedRows {
  return withSource(db, path, () => db.inTransaction(() => copyAttached(db, renamed)))
}

function problemsOf(engine: SqliteEngine, path: string, sources: readonly string[], rules: MergeRules) {
  using db = engine.openReadonly(path)
  return sources.flatMap((source) => {
    const found = inCurrentVersion(engine, path, source, (one) => missingRows(db, one, rules.renamed, rules.retention))
    return found.missing === 0 && found.differing === undefined ? [] : [{ path: source, ...found }]
  })
}

/** Runs `work` with a partition, or with a copy of one of an earlier version, which stays as it is. */
function inCurrentVersion<T>(engine: SqliteEngine, path: string, source: string, work: (path: string) => T): T {
  if (isCurrentPartition(engine, source)) return work(source)
  const copy = `${path.replace(/\.part$/, '')}.source.part`
  removeDatabase(copy)
  try {
    using db = engine.openReadonly(source)
    db.prepare<[string]>('VACUUM INTO ?').run(copy)
    closeCheckpointed(openWritablePartition(engine, copy))
    return work(copy)
  } finally {
    removeDatabase(copy)
  }
}
