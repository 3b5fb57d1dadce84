import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isObject } from '../../../kit/json.ts'
import { hasErrorCode } from '../../../kit/user-error.ts'
import { logdbError } from '../../error-table.ts'
import type { ExportTable } from '../../store/export/columns.ts'
import { replaceDurably } from '../../store/folder/durable.ts'
import type { Written } from './hashed-file.ts'
import type { ExportFormat } from './row-writers.ts'

/** A file of an export, as the manifest describes it. */
export interface ExportedFile extends Written {
  /** Below the folder of the export. */
  path: string
  table: ExportTable
  /** UTC day, YYYY-MM-DD; of `erased`, the first day of its partition. */
  day: string
  format: ExportFormat
  rows: number
  /** SHA-256 of the rows as lines of JSON, the same in every format. */
  rows_sha256: string
  /** The partitions that the rows are from. */
  sources: readonly ExportSource[]
}

export interface ExportSource {
  /** Below the folder of the log database. */
  path: string
  /** Changes when something is written to the partition. */
  state: string
}

/** Its name in the folder of the export. */
export const MANIFEST = 'manifest.json'
const VERSION = 1

/** The list of the files of an export. It never lists a file that is not completely written. */
export class Manifest {
  readonly #folder: string
  readonly #files: Map<string, ExportedFile>

  /** @throws UserError FILE_ERROR if there is something else under that name */
  constructor(folder: string) {
    this.#folder = folder
    this.#files = new Map(readFiles(join(folder, MANIFEST)).map((file) => [file.path, file]))
  }

  /** Sorted by path. */
  files(): ExportedFile[] {
    return [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  find(path: string): ExportedFile | undefined {
    return this.#files.get(path)
  }

  put(file: ExportedFile): void {
    this.#files.set(file.path, file)
    this.#save()
  }

  remove(path: string): void {
    if (this.#files.delete(path)) this.#save()
  }

  #save(): void {
    const text = JSON.stringify({ version: VERSION, files: this.files() }, null, 2)
    replaceDurably(join(this.#folder, MANIFEST), `${text}\n`)
  }
}

function readFiles(path: string): ExportedFile[] {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (isObject(manifest) && manifest['version'] === VERSION && Array.isArray(manifest['files']))
      return manifest['files']
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return []
    if (!(error instanceof SyntaxError)) throw error
  }
  const hint = 'name another folder with --dest, or move that file away'
  throw logdbError('FILE_ERROR', `${path} is not the manifest of an export of this logdb`, hint)
}
