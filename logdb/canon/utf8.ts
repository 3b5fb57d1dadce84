import { isUtf8 } from 'node:buffer'

/** The same bytes without those outside well-formed UTF-8, as Python decodes with errors="ignore". */
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

/** A text without lone surrogates and NUL: SQLite's text cannot hold them, or many of its readers stop there. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}

/** Length of the well-formed sequence at `at`; 0 if there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] as number
  const size = sizeByFirst(first)
  return size > 0 && at + size <= bytes.length && isUtf8(bytes.subarray(at, at + size)) ? size : 0
}

/** 0 for a byte that begins no sequence. */
function sizeByFirst(byte: number): number {
  if (byte < 0x80) return 1
  if (byte < 0xc2) return 0
  if (byte < 0xe0) return 2
  if (byte < 0xf0) return 3
  return byte < 0xf5 ? 4 : 0
}
