import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { DayRange } from '../../days.ts'
import { readRetention } from '../../store/control/retention.ts'
import { type ExportTable, exportColumns } from '../../store/export/columns.ts'
import { moveDurably } from '../../store/folder/durable.ts'
import { withLease } from '../../store/folder/lease.ts'
import { type PartitionFile, partitionState } from '../../store/folder/partition-files.ts'
import { type DamagedPartition, unlessDamaged } from '../../store/sqlite/damage.ts'
import type { Connection, SqliteEngine } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { hasRowsOf, rowsOf } from './day-rows.ts'
import { type ExportedFile, type ExportSource, MANIFEST, Manifest } from './export-manifest.ts'
import { OpenPartitions, partitionsByDay, partitionsByFirstDay } from './partitions-of-day.ts'
import { type ExportFormat, loadRowWriter, type OpenRowWriter } from './row-writers.ts'
import { writeRows } from './write-rows.ts'

/** What to export, and to where. */
export interface ExportOptions extends DayRange {
  /** Folder of the log database. */
  out: string
  /** Folder of the export. */
  dest: string
  format: ExportFormat
  tables: readonly ExportTable[]
  /** How long to wait for another export into the same folder, in milliseconds; 0 if absent. */
  waitMs?: number | undefined
}

/** A file of the export. */
export interface ExportResult extends ExportedFile {
  /** True if it was there already, and nothing was written to its partitions since. */
  isUnchanged: boolean
}

export interface ExportReport {
  /** In the order of time. */
  files: ExportResult[]
  /** Paths of databases that were skipped because this logdb did not make them. */
  leftOut: string[]
  /** Partitions whose days were not exported. */
  damaged: DamagedPartition[]
}

/**
 * Writes a file for each table and day, and one of erased ids for each partition that has some. A file is replaced only by
 * a complete one, and days whose partitions have not changed are left as they are.
 * @throws UserError
 */
export async function exportDays(options: ExportOptions): Promise<ExportReport> {
  const { out, dest, format, tables, waitMs } = options
  const engine = await loadSqlite()
  const open = await loadRowWriter(format)
  mkdirSync(dest, { recursive: true })
  return withLease(engine, dest, { waitMs }, () => {
    const exporter = new Exporter(engine, options, open)
    for (const [day, files] of partitionsByFirstDay(out, options)) exporter.export(day, files, ['erased'])
    for (const [day, files] of partitionsByDay(out, options)) exporter.export(day, files, tables)
    return exporter.report
  })
}

class Exporter {
  readonly report: ExportReport = { files: [], leftOut: [], damaged: [] }
  readonly #engine: SqliteEngine
  readonly #options: ExportOptions
  readonly #open: OpenRowWriter
  readonly #columns
  readonly #manifest: Manifest
  /** First UTC day whose requests are kept. */
  readonly #keptFrom: string

  constructor(engine: SqliteEngine, options: ExportOptions, open: OpenRowWriter) {
    this.#engine = engine
    this.#options = options
    this.#open = open
    this.#columns = exportColumns(engine)
    removeUnfinished(options.dest)
    this.#manifest = new Manifest(options.dest)
    this.#keptFrom = readRetention(engine, options.out).metadata
  }

  /** Exports what partitions have of a day. */
  export(day: string, files: readonly PartitionFile[], tables: readonly ExportTable[]): void {
    const sources = files.map(({ path }) => ({
      path: relative(this.#options.out, path),
      state: partitionState(path),
    }))
    const changed = tables.filter((table) => !this.#keepUnchanged(this.#pathOf(table, day), sources))
    if (changed.length === 0) return
    unlessDamaged(this.report.damaged, files[0]?.path ?? '', () => {
      using open = new OpenPartitions(this.#engine, files)
      for (const path of open.foreign) if (!this.report.leftOut.includes(path)) this.report.leftOut.push(path)
      for (const table of changed) this.#exportTable(table, day, open.connections, sources)
    })
  }

  #keepUnchanged(path: string, sources: readonly ExportSource[]): boolean {
    const known = this.#manifest.find(path)
    if (!known || JSON.stringify(known.sources) !== JSON.stringify(sources) || !this.#isThere(known)) return false
    this.report.files.push({ ...known, isUnchanged: true })
    return true
  }

  #isThere({ path, bytes }: ExportedFile): boolean {
    return statSync(join(this.#options.dest, path), { throwIfNoEntry: false })?.size === bytes
  }

  #exportTable(table: ExportTable, day: string, connections: Connection[], sources: ExportSource[]): void {
    const path = this.#pathOf(table, day)
    if (!hasRowsOf(connections, table, day) && !this.#mustEmpty(path, table, day)) return
    const { format, dest } = this.#options
    const whole = join(dest, path)
    const part = `${whole}.part`
    mkdirSync(dirname(whole), { recursive: true })
    try {
      const columns = this.#columns[table]
      const written = writeRows(part, columns, rowsOf(connections, table, columns, day), this.#open)
      const file = { path, table, day, format, ...written, sources }
      this.#replace(file, part)
      this.report.files.push({ ...file, isUnchanged: false })
    } finally {
      rmSync(part, { force: true })
    }
  }

  /** True if all rows of an exported file were erased. What retention removed stays in the export. */
  #mustEmpty(path: string, table: ExportTable, day: string): boolean {
    return this.#manifest.find(path) !== undefined && (table === 'erased' || day >= this.#keptFrom)
  }

  /** In between, the manifest does not list the file: a process that is killed leaves no wrong entry. */
  #replace(file: ExportedFile, part: string): void {
    const known = this.#manifest.find(file.path)
    const isSame = known?.sha256 === file.sha256 && this.#isThere(known)
    if (!isSame) {
      this.#manifest.remove(file.path)
      moveDurably(part, join(this.#options.dest, file.path))
    }
    this.#manifest.put(file)
  }

  #pathOf(table: ExportTable, day: string): string {
    return `${table}/${day}.${this.#options.format}`
  }
}

const FOLDERS: readonly ExportTable[] = ['requests', 'messages', 'texts', 'erased']
const UNFINISHED = /^\d{4}-\d\d-\d\d\.(jsonl|parquet|csv)\.part$/

/** What a killed export left. Other files in the folder are not ours. */
function removeUnfinished(dest: string): void {
  rmSync(join(dest, `${MANIFEST}.part`), { force: true })
  for (const path of FOLDERS.map((table) => join(dest, table))) {
    const names = existsSync(path) ? readdirSync(path) : []
    for (const name of names.filter((one) => UNFINISHED.test(one))) rmSync(join(path, name))
  }
}
