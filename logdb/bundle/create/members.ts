import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { logdbError } from '../../error-table.ts'
import { removeDatabase } from '../../store/sqlite/remove-database.ts'
import type { BundleFile } from '../format/manifest.ts'
import { ARCHIVE_END, memberHead, memberPadding } from '../format/tar-blocks.ts'
import { type BundledDatabase, takeSnapshot } from './databases.ts'
import type { RawLog } from './raw-logs.ts'

const CHUNK_BYTES = 256 * 1024

export interface Bundled {
  databases: readonly BundledDatabase[]
  logs: readonly RawLog[]
  /** Folder for snapshots. */
  staging: string
  /** Called after each database, with how many there are. */
  onDatabase?: ((done: number, total: number) => void) | undefined
}

/**
 * The bytes of an archive with these members, to its end.
 * @param files gets what each of them is when its bytes have been taken
 */
export async function* bundledMembers(
  { databases, logs, staging, onDatabase }: Bundled,
  files: BundleFile[],
): AsyncGenerator<Buffer> {
  const copy = join(staging, 'snapshot')
  for (const [index, database] of databases.entries()) {
    const facts = takeSnapshot(database, copy)
    yield* fileMember({ path: copy, member: database.member }, (hashed) => files.push({ ...facts, ...hashed }))
    removeDatabase(copy)
    onDatabase?.(index + 1, databases.length)
  }
  for (const log of logs) yield* fileMember(log, (hashed) => files.push({ path: log.member, ...hashed }))
  yield ARCHIVE_END
}

/** What is hashed is what goes into the archive: it is read once. */
async function* fileMember(
  { path, member, sizeBytes }: { path: string; member: string; sizeBytes?: number },
  onEnd: (hashed: Pick<BundleFile, 'sha256' | 'bytes'>) => void,
): AsyncGenerator<Buffer> {
  await using file = await open(path)
  const bytes = sizeBytes ?? (await file.stat()).size
  yield memberHead(member, bytes)
  const digest = createHash('sha256')
  for await (const chunk of beginningOf(file, path, bytes)) {
    digest.update(chunk)
    yield chunk
  }
  yield memberPadding(bytes)
  onEnd({ sha256: digest.digest('hex'), bytes })
}

async function* beginningOf(file: FileHandle, path: string, bytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes; ) {
    const { buffer, bytesRead } = await file.read(
      Buffer.allocUnsafe(CHUNK_BYTES),
      0,
      Math.min(CHUNK_BYTES, bytes - at),
      at,
    )
    if (bytesRead === 0)
      throw logdbError('FILE_ERROR', `${path} became shorter while it was read`, 'run the command again')
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}
