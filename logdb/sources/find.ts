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

/** With what logrotate adds to a name: `.1`, `-20250916`, `-2025-09-16-1758000000`; compressed by whatever program. */
const OWN_LOG = /^requests-.*\.jsonl(?:[.-]\d[\d-]*)?(?:\.(?:gz|zst|bz2|xz))?$/s
const PREDECESSOR_LOG = /\.log(\.|$|-\d)/
/** Probably a log of ours that was renamed by hand. */
const LIKE_OWN_LOG = /^requests-.*\.jsonl/s

export interface FoundLogs {
  files: LogFile[]
  /** Folders that could not be listed. */
  unreadable: { path: string; reason: string }[]
  /** Files that look like logs of ours but have another name, and are not read. */
  ignored: { path: string; reason: string }[]
}

const OTHER_NAME = 'its name is not that of a log: rename it to requests-….jsonl to read it'

/**
 * Every log file below a folder, sorted by path: `requests-*.jsonl`, `*.log`, both also as logrotate names and compresses them.
 * @throws UserError LOGS_MISSING
 */
export function findLogFiles(folder: string): FoundLogs {
  const found: FoundLogs = { files: [], unreadable: [], ignored: [] }
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
    if (entry.isDirectory()) walk(path, found)
    else if (entry.isFile() || (entry.isSymbolicLink() && isFile(path))) addFile(path, entry.name, found)
  }
}

function addFile(path: string, name: string, { files, ignored }: FoundLogs): void {
  const format = formatOf(name)
  if (format) files.push({ path, format })
  else if (LIKE_OWN_LOG.test(name)) ignored.push({ path, reason: OTHER_NAME })
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
