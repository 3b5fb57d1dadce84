import { createHash } from 'node:crypto'
import type { ExportColumn } from '../../store/export/columns.ts'
import type { ExportRow } from '../../store/export/export-rows.ts'
import { HashedFile, type Written } from './hashed-file.ts'
import { lineOf, type OpenRowWriter } from './row-writers.ts'

export interface WrittenRows extends Written {
  rows: number
  /** SHA-256 of the rows as lines of JSON. */
  rows_sha256: string
}

/** Writes a file of rows. */
export function writeRows(
  path: string,
  columns: readonly ExportColumn[],
  rows: Iterable<ExportRow>,
  open: OpenRowWriter,
): WrittenRows {
  const file = new HashedFile(path)
  try {
    const writer = open(file, columns)
    const digest = digestRows(columns, rows, (row, line) => writer.write(row, line))
    writer.finish()
    return { ...digest, ...file.finish() }
  } finally {
    file.close()
  }
}

/** Counts rows, and hashes them as lines of JSON. @param use gets each of them */
export function digestRows(
  columns: readonly ExportColumn[],
  rows: Iterable<ExportRow>,
  use: (row: ExportRow, line: string) => void = () => {},
): Pick<WrittenRows, 'rows' | 'rows_sha256'> {
  const hash = createHash('sha256')
  let count = 0
  for (const row of rows) {
    const line = lineOf(row, columns)
    hash.update(line)
    use(row, line)
    count++
  }
  return { rows: count, rows_sha256: hash.digest('hex') }
}
