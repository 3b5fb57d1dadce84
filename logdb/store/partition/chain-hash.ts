import { hash } from 'node:crypto'

/** Messages and conversations are named by this many first bytes of a SHA-256. */
export const HASH_BYTES = 16

export function shortHash(bytes: Buffer): Buffer {
  return hash('sha256', bytes, 'buffer').subarray(0, HASH_BYTES)
}

/** The hash of a conversation from that of all but its last message (empty for the first) and that of the last. */
export function chainHash(before: Buffer, message: Buffer): Buffer {
  return shortHash(Buffer.concat([before, message]))
}
