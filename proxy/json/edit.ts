import { CLOSE_BRACE, SPACE } from '../../kit/ascii.ts'
import type { Slice } from './scan.ts'

/** Replaces the bytes at [start, end) by a text; an insertion if both are the same. */
export interface Edit extends Slice {
  text: string
}

/** The bytes with these edits, which must not overlap; all other bytes stay unchanged. */
export function applyEdits(json: Buffer, edits: readonly Edit[]): Buffer {
  return edits.length === 0 ? json : Buffer.concat(editedPieces(json, edits))
}

/** The same in pieces: what stays unchanged is not copied. */
export function editedPieces(json: Buffer, edits: readonly Edit[]): Buffer[] {
  const pieces: Buffer[] = []
  let copied = 0
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    pieces.push(json.subarray(copied, start), Buffer.from(text))
    copied = end
  }
  pieces.push(json.subarray(copied))
  return pieces
}

/** Adds a member before the other members of the object at `start`. */
export function insertMember(json: Buffer, start: number, member: string): Edit {
  let first = start + 1
  while ((json[first] ?? CLOSE_BRACE) <= SPACE) first++
  return { start: start + 1, end: start + 1, text: json[first] === CLOSE_BRACE ? member : `${member},` }
}
