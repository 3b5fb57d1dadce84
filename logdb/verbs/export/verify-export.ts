import { join } from 'node:path'
import { hasErrorCode } from '../../../kit/user-error.ts'
import { readRetention } from '../../store/control/retention.ts'
import { type ExportTable, exportColumns } from '../../store/export/columns.ts'
import type { PartitionFile } from '../../store/folder/partition-files.ts'
import { type DamagedPartition, unlessDamaged } from '../../store/sqlite/damage.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { hasRowsOf, rowsOf } from './day-rows.ts'
import type { ExportOptions } from './export.ts'
import { type ExportedFile, Manifest } from './export-manifest.ts'
import { OpenPartitions, partitionsByDay, partitionsByFirstDay } from './partitions-of-day.ts'
import type { ExportFormat } from './row-writers.ts'
import { readExported } from './rows-in-file.ts'
import { digestRows } from './write-rows.ts'

/** An export, and what of it to check; without a format or tables, all that it has. */
export interface ExportCheck extends Pick<ExportOptions, 'out' | 'dest' | 'since' | 'to'> {
  format?: ExportFormat | undefined
  tables?: readonly ExportTable[] | undefined
}

export interface CheckedFile {
  /** Below the folder of the export. */
  path: string
  rows: number
  /** Undefined if the file has exactly the rows that the database has. */
  problem?: string
  /** True if retention has removed the requests of the day: then only the file itself was checked. */
  isRetained?: boolean
}

export interface ExportCheckReport {
  files: CheckedFile[]
  damaged: DamagedPartition[]
}

/** Compares the files of an export with their manifest and with the rows of the database. @throws UserError */
export async function verifyExport(check: ExportCheck): Promise<ExportCheckReport> {
  const engine = await loadSqlite()
  const { out, dest, format, tables } = check
  const manifest = new Manifest(dest).files().filter((file) => {
    return (format ?? file.format) === file.format && (tables ?? [file.table]).includes(file.table)
  })
  const kinds = new Map(manifest.map((file) => [`${file.table} ${file.format}`, file]))
  const verifier = new Verifier(engine, check, manifest)
  for (const kind of kinds.values()) {
    const partitions = kind.table === 'erased' ? partitionsByFirstDay(out, check) : partitionsByDay(out, check)
    verifier.check(kind, partitions)
  }
  return verifier.report
}

type Kind = Pick<ExportedFile, 'table' | 'format'>

class Verifier {
  readonly report: ExportCheckReport = { files: [], damaged: [] }
  readonly #engine: SqliteEngine
  readonly #check: ExportCheck
  readonly #manifest: readonly ExportedFile[]
  readonly #columns
  readonly #keptFrom: string

  constructor(engine: SqliteEngine, check: ExportCheck, manifest: readonly ExportedFile[]) {
    this.#engine = engine
    this.#check = check
    this.#manifest = manifest
    this.#columns = exportColumns(engine)
    this.#keptFrom = readRetention(engine, check.out).metadata
  }

  /** Checks all files of a table in a format, and that no day is missing. */
  check({ table, format }: Kind, partitions: Map<string, PartitionFile[]>): void {
    const files = this.#manifest.filter((file) => file.table === table && file.format === format)
    const { since = '', to = '9' } = this.#check
    const inRange = files.filter(({ day }) => day >= since && day <= to)
    const days = new Set([...inRange.map(({ day }) => day), ...partitions.keys()])
    for (const day of [...days].sort()) {
      const file = inRange.find((one) => one.day === day)
      const checked = this.#checkDay({ table, format }, day, file, partitions.get(day) ?? [])
      if (checked) this.report.files.push(checked)
    }
  }

  #checkDay(
    { table, format }: Kind,
    day: string,
    file: ExportedFile | undefined,
    partitions: PartitionFile[],
  ): CheckedFile | undefined {
    const problem = file && this.#problemOfFile(file)
    if (file && problem !== undefined) return { path: file.path, rows: file.rows, problem }
    return unlessDamaged(this.report.damaged, partitions[0]?.path ?? '', () => {
      using open = new OpenPartitions(this.#engine, partitions)
      const hasRows = hasRowsOf(open.connections, table, day)
      if (!file) {
        return hasRows ? { path: `${table}/${day}.${format}`, rows: 0, problem: 'is not exported' } : undefined
      }
      const { path, rows } = file
      if (!hasRows && rows > 0 && this.#isRetained(open, day)) return { path, rows, isRetained: true }
      const columns = this.#columns[table]
      const stored = digestRows(columns, rowsOf(open.connections, table, columns, day))
      if (stored.rows_sha256 === file.rows_sha256) return { path, rows }
      const other = stored.rows === rows ? `${rows} rows, but other values` : `${stored.rows} rows`
      return { path, rows, problem: `has ${rows} rows, and the database has ${other}: export again` }
    })
  }

  #isRetained({ connections }: OpenPartitions, day: string): boolean {
    return connections.length === 0 || day < this.#keptFrom
  }

  #problemOfFile({ path, format, bytes, sha256, rows }: ExportedFile): string | undefined {
    try {
      const found = readExported(join(this.#check.dest, path), format)
      if (found.bytes !== bytes || found.sha256 !== sha256) return 'is not the file that was exported'
      return found.rows === rows ? undefined : `has ${found.rows} rows, not ${rows}`
    } catch (error) {
      if (hasErrorCode(error, 'ENOENT')) return 'is missing'
      throw error
    }
  }
}
