import type { ByteWriter, ColumnSource } from 'hyparquet-writer'
import { packageVersion } from '../../../kit/package-root.ts'
import { csvLine } from '../../csv.ts'
import type { ExportColumn } from '../../store/export/columns.ts'
import type { ExportRow } from '../../store/export/export-rows.ts'
import type { HashedFile } from './hashed-file.ts'

/** A kind of file. */
export type ExportFormat = 'jsonl' | 'parquet' | 'csv'

/** Writes rows in one format. */
interface RowWriter {
  /** @param line the row as a line of JSON */
  write(row: ExportRow, line: string): void
  /** Writes what a file of this format ends with. */
  finish(): void
}

/** How to write a format; what Parquet needs is loaded only for it. */
export type OpenRowWriter = (file: HashedFile, columns: readonly ExportColumn[]) => RowWriter

export async function loadRowWriter(format: ExportFormat): Promise<OpenRowWriter> {
  if (format === 'jsonl') return jsonlWriter
  if (format === 'csv') return csvWriter
  const library = await import('hyparquet-writer')
  return (file, columns) => new ParquetRows(library, file, columns)
}

/** The line of JSON that stands for a row in every format. */
export function lineOf(row: ExportRow, columns: readonly ExportColumn[]): string {
  return `${JSON.stringify(Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])))}\n`
}

function jsonlWriter(file: HashedFile): RowWriter {
  return { write: (_, line) => file.write(line), finish: () => {} }
}

/** What is null is an empty cell. */
function csvWriter(file: HashedFile, columns: readonly ExportColumn[]): RowWriter {
  file.write(csvLine(columns.map(({ name }) => name)))
  return { write: (row) => file.write(csvLine(row.map((value) => String(value ?? '')))), finish: () => {} }
}

type Library = typeof import('hyparquet-writer')

/** A group of rows is in memory several times while it is compressed. */
const MAX_GROUP_BYTES = 4 * 1024 * 1024
/** What a value takes in addition to its text. */
const BYTES_PER_VALUE = 16
const TYPES = { text: 'STRING', integer: 'INT64', real: 'DOUBLE' } as const
/** Of a column of texts that are long and never the same. */
const LONG_TEXTS = /_json$|^content$/

/** Collects rows until they make a group. */
class ParquetRows implements RowWriter {
  readonly #columns: readonly ExportColumn[]
  readonly #writer: InstanceType<Library['ParquetWriter']>
  #values: unknown[][] = []
  #groupBytes = 0

  constructor(
    { ByteWriter, ParquetWriter, schemaFromColumnData }: Library,
    file: HashedFile,
    columns: readonly ExportColumn[],
  ) {
    this.#columns = columns
    this.#values = columns.map(() => [])
    const schema = schemaFromColumnData({ columnData: this.#columnData() })
    const createdBy = `ai-deploy logdb ${packageVersion()}`
    this.#writer = new ParquetWriter({ writer: flushedInto(file, new ByteWriter()), schema, createdBy })
  }

  write(row: ExportRow, line: string): void {
    for (const [index, { type }] of this.#columns.entries()) {
      const value = row[index] ?? null
      this.#values[index]?.push(type === 'integer' && value !== null ? BigInt(value as number) : value)
    }
    this.#groupBytes += line.length + row.length * BYTES_PER_VALUE
    if (this.#groupBytes >= MAX_GROUP_BYTES) this.#writeGroup()
  }

  finish(): void {
    this.#writeGroup()
    this.#writer.finish()
  }

  #writeGroup(): void {
    const rows = this.#values[0]?.length ?? 0
    if (rows > 0) this.#writer.write({ columnData: this.#columnData(), rowGroupSize: rows })
    this.#values = this.#columns.map(() => [])
    this.#groupBytes = 0
  }

  #columnData(): ColumnSource[] {
    return this.#columns.map(({ name, type }, index) => {
      const column = { name, type: TYPES[type], data: this.#values[index] ?? [] }
      return LONG_TEXTS.test(name) ? { ...column, encoding: 'PLAIN', statistics: false } : column
    })
  }
}

/** Passes on what was written after each group of rows, and at the end. */
function flushedInto(file: HashedFile, writer: ByteWriter): ByteWriter {
  const flush = () => {
    file.write(writer.getBytes().slice())
    writer.index = 0
  }
  return Object.assign(writer, { flush, finish: flush })
}
