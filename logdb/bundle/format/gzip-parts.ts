/**
 * A bundle is compressed in parts, so that several can be compressed or unpacked at the same time. Each is a complete gzip
 * stream, and one after the other they are a gzip file for any program. The head of a part says how long the part is, in a
 * field of RFC 1952 that other programs skip.
 */

/** What a part holds; the last one may hold less. The larger, the less is lost by compressing each for itself. */
export const PART_BYTES = 1024 * 1024
/** Parts that are compressed or unpacked at the same time; Node has four threads for this. */
export const PARALLEL = 4
/** Of gzip with an extra field, without a name and a time, from an unknown system. */
const START = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255])
/** The field: eight bytes, of which four are its content. */
const FIELD = Buffer.from([8, 0, 0x41, 0x44, 4, 0])
const LENGTH_AT = START.length + FIELD.length
export const PART_HEAD_BYTES = LENGTH_AT + 4
/** Of a stream as zlib writes it. */
const PLAIN_HEAD_BYTES = 10
/** Data that cannot be compressed becomes a little longer. */
const MAX_PART_BYTES = 2 * PART_BYTES

/** Makes a part of a gzip stream of zlib. */
export function asPart(stream: Buffer): Buffer {
  const rest = stream.subarray(PLAIN_HEAD_BYTES)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(PART_HEAD_BYTES + rest.length)
  return Buffer.concat([START, FIELD, length, rest])
}

/** How long the part is that begins with this; undefined for other data. */
export function partLength(head: Buffer): number | undefined {
  if (head.length < PART_HEAD_BYTES) return undefined
  const isPart = START.equals(head.subarray(0, START.length)) && FIELD.equals(head.subarray(START.length, LENGTH_AT))
  const length = head.readUInt32LE(LENGTH_AT)
  return isPart && length > PART_HEAD_BYTES && length <= MAX_PART_BYTES ? length : undefined
}
