import { statSync } from 'node:fs'
import { fittingSource } from '../../ingest/recognise.ts'
import { findLogFiles } from '../../sources/find.ts'
import { UnreadableSource } from '../../sources/input.ts'
import { closeSource, openSource, readRanges, type SourceFile, stampOf } from '../../sources/source-file.ts'
import type { KnownFiles } from '../../store/control/known-files.ts'
import { digestOf, HEAD_BYTES } from '../../store/control/sources.ts'

/** A log file with bytes that have not been read; if it is compressed or cannot be read, `bytes` is its size. */
export interface UnreadFile {
  path: string
  bytes: number
}

/** Files are recognised by what they hold, as `ingest` does. @throws UserError LOGS_MISSING */
export async function unreadFiles(folder: string, known: KnownFiles): Promise<UnreadFile[]> {
  const found: UnreadFile[] = []
  for (const { path } of findLogFiles(folder).files) {
    const bytes = await unreadBytes(path, known)
    if (bytes > 0) found.push({ path, bytes })
  }
  return found
}

async function unreadBytes(path: string, known: KnownFiles): Promise<number> {
  try {
    const file = openSource(path)
    try {
      return await unreadOf(file, known)
    } finally {
      closeSource(file)
    }
  } catch (error) {
    if (!(error instanceof UnreadableSource)) throw error
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0
  }
}

async function unreadOf(file: SourceFile, { sources, finished }: KnownFiles): Promise<number> {
  if (file.isCompressed && finished.get(file.path) === stampOf(file)) return 0
  const [head] = await readRanges(file, [{ from: 0, size: HEAD_BYTES }])
  if (!head || head.length === 0) return 0
  if (file.isCompressed) return file.sizeBytes
  const source = await fittingSource(file, beginningWith(head, sources))
  return Math.max(0, file.sizeBytes - (source ? source.offset + source.pending : 0))
}

function beginningWith(head: Buffer, sources: KnownFiles['sources']): KnownFiles['sources'] {
  const hashes = new Map<number, Buffer>()
  return sources.filter(({ headBytes, headSha256 }) => {
    const found = hashes.get(headBytes) ?? digestOf(head.subarray(0, headBytes))
    hashes.set(headBytes, found)
    return found.equals(headSha256)
  })
}
