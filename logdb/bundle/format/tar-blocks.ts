import { Header, type HeaderData } from 'tar/header'
import { Pax } from 'tar/pax'

export const BLOCK_BYTES = 512
/** What a tar archive ends with. */
export const ARCHIVE_END = Buffer.alloc(2 * BLOCK_BYTES)

/** The same for every member, so that the same content gives the same bytes. */
const ATTRIBUTES = { mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), type: 'File' } as const

/** What stands before the content of a member. */
export function memberHead(path: string, sizeBytes: number): Buffer {
  const data: HeaderData = { ...ATTRIBUTES, path, size: sizeBytes }
  const block = Buffer.alloc(BLOCK_BYTES)
  const needsMore = new Header(data).encode(block)
  return needsMore
    ? Buffer.concat([new Pax({ path, size: sizeBytes, mtime: ATTRIBUTES.mtime }).encode(), block])
    : block
}

/** What follows the content of a member. */
export function memberPadding(sizeBytes: number): Buffer {
  return Buffer.alloc(paddingOf(sizeBytes))
}

export function paddingOf(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES
}
