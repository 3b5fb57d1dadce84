import { hash } from 'node:crypto'

const HASH_BYTES = 16

/** First 16 bytes of a SHA-256, which name a message or a conversation. */
export const shortHash = (bytes: Buffer) => hash('sha256', bytes, 'buffer').subarray(0, HASH_BYTES)

/** The hash of a conversation from that of all but its last message (empty for the first) and that of the last. */
export const chainHash = (before: Buffer, message: Buffer) => shortHash(Buffer.concat([before, message]))
