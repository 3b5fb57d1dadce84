import { type Dirent, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { errorMessage } from '../../kit/user-error.ts'
import { logdbError } from '../error-table.ts'

/** How records follow each other in a file: one per line, or the predecessor's header lines and pretty JSON. */
export type LogFormat = 'jsonl' | 'predecessor'

export interface LogFile {
  path: string
  format: LogFormat
}

const OWN_LOG = /^requests-.*\.jsonl(\.gz)?$/s
const PREDECESSOR_LOG = /\.log(\.|$)/

export interface FoundLogs {
  files: LogFile[]
  /** Folders that could not be listed. */
  unreadable: { path: string; reason: string }[]
}

/**
 * Every log file below a folder, sorted by path: `requests-*.jsonl`, `*.log`, rotated `*.log.*`, each also with .gz.
 * @throws UserError LOGS_MISSING
 */
export function findLogFiles(folder: string): FoundLogs {
  const found: FoundLogs = { files: [], unreadable: [] }
  walk(folder, found)
  const failure = found.unreadable.find(({ path }) => path === folder)
  if (failure) {
    const hint = 'name the folder of the logs with --from'
    throw logdbError('LOGS_MISSING', `cannot read the logs: ${failure.reason}`, hint)
  }
  found.files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return found
}

function walk(folder: string, found: FoundLogs): void {
  for (const entry of list(folder, found)) {
    const path = join(folder, entry.name)
    const format = formatOf(entry.name)
    if (entry.isDirectory()) walk(path, found)
    else if (format && (entry.isFile() || (entry.isSymbolicLink() && isFile(path)))) found.files.push({ path, format })
  }
}

function list(path: string, found: FoundLogs): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch (error) {
    found.unreadable.push({ path, reason: errorMessage(error) })
    return []
  }
}

function formatOf(name: string): LogFormat | undefined {
  if (OWN_LOG.test(name)) return 'jsonl'
  return PREDECESSOR_LOG.test(name) ? 'predecessor' : undefined
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
