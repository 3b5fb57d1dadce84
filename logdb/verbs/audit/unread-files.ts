import { statSync } from 'node:fs'
import { fittingSource } from '../../ingest/recognise.ts'
import { type FoundLogs, findLogFiles } from '../../sources/find.ts'
import { UnreadableSource } from '../../sources/input.ts'
import { closeSource, openSource, readRanges, type SourceFile, stampOf } from '../../sources/source-file.ts'
import type { KnownFiles } from '../../store/control/known-files.ts'
import { digestOf, HEAD_BYTES } from '../../store/control/sources.ts'

/** A log file with bytes that have not been read; if it is compressed or cannot be read, `bytes` is its size. */
interface UnreadFile {
  path: string
  bytes: number
}

export interface UnreadLogs extends Pick<FoundLogs, 'ignored'> {
  unread: UnreadFile[]
  /** Files whose last bytes belong to a record that is not complete, unless that is probably being written. */
  incomplete: UnreadFile[]
}

/** Bytes of a file that are not read, and those at its end that wait for the rest of their record. */
interface UnreadBytes {
  unread: number
  pending: number
}

/** A program that writes records ends them sooner. */
const LEAST_AGE_MS = 60_000
const ALL_READ: UnreadBytes = { unread: 0, pending: 0 }

/** Files are recognised by what they hold, as `ingest` does. @throws UserError LOGS_MISSING */
export async function unreadLogs(folder: string, known: KnownFiles): Promise<UnreadLogs> {
  const { files, ignored } = findLogFiles(folder)
  const found: UnreadLogs = { unread: [], incomplete: [], ignored }
  for (const { path } of files) {
    const { unread, pending } = await unreadBytes(path, known)
    if (unread > 0) found.unread.push({ path, bytes: unread })
    if (pending > 0) found.incomplete.push({ path, bytes: pending })
  }
  return found
}

async function unreadBytes(path: string, known: KnownFiles): Promise<UnreadBytes> {
  try {
    const file = openSource(path)
    try {
      return await unreadOf(file, known)
    } finally {
      closeSource(file)
    }
  } catch (error) {
    if (!(error instanceof UnreadableSource)) throw error
    return { unread: statSync(path, { throwIfNoEntry: false })?.size ?? 0, pending: 0 }
  }
}

async function unreadOf(file: SourceFile, { sources, finished }: KnownFiles): Promise<UnreadBytes> {
  if (file.compression && finished.get(file.path) === stampOf(file)) return ALL_READ
  const [head] = await readRanges(file, [{ from: 0, size: HEAD_BYTES }])
  if (!head || head.length === 0) return ALL_READ
  if (file.compression) return { unread: file.sizeBytes, pending: 0 }
  const source = await fittingSource(file, beginningWith(head, sources))
  if (!source) return { unread: file.sizeBytes, pending: 0 }
  const { offset, pending } = source
  const isWaiting = offset > 0 && Date.now() - file.stats.mtimeMs < LEAST_AGE_MS
  return { unread: Math.max(0, file.sizeBytes - offset - pending), pending: isWaiting ? 0 : pending }
}

function beginningWith(head: Buffer, sources: KnownFiles['sources']): KnownFiles['sources'] {
  const hashes = new Map<number, Buffer>()
  return sources.filter(({ headBytes, headSha256 }) => {
    const found = hashes.get(headBytes) ?? digestOf(head.subarray(0, headBytes))
    hashes.set(headBytes, found)
    return found.equals(headSha256)
  })
}
