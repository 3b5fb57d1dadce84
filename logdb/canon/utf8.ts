import { isUtf8 } from 'node:buffer'

/** The same bytes without those that belong to no well-formed UTF-8 sequence, as Python decodes with errors="ignore". */
export function dropInvalidUtf8(bytes: Buffer): Buffer {
  if (isUtf8(bytes)) return bytes
  const kept = Buffer.allocUnsafe(bytes.length)
  let length = 0
  let at = 0
  while (at < bytes.length) {
    const size = sequenceLength(bytes, at)
    if (size === 0) at++
    else {
      length += bytes.copy(kept, length, at, at + size)
      at += size
    }
  }
  return kept.subarray(0, length)
}

/** Length of the well-formed sequence at `at`; 0 if there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] as number
  const size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  return size > 0 && at + size <= bytes.length && isUtf8(bytes.subarray(at, at + size)) ? size : 0
}
