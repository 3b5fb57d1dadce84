import type { Slice } from './scan.ts'

const SPACE = 0x20
const CLOSE_BRACE = 0x7d

/** Text in the place of the bytes at [start, end); an insertion where both are the same. */
export interface Edit extends Slice {
  text: string
}

/** The bytes with these edits, which do not overlap; all others stay as they are. */
export function applyEdits(json: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return json
  const pieces: Buffer[] = []
  let copied = 0
  for (const { start, end, text } of [...edits].sort((a, b) => a.start - b.start)) {
    pieces.push(json.subarray(copied, start), Buffer.from(text))
    copied = end
  }
  return Buffer.concat([...pieces, json.subarray(copied)])
}

/** Puts a member before those that the object at `start` has. */
export function insertMember(json: Buffer, start: number, member: string): Edit {
  let first = start + 1
  while ((json[first] ?? CLOSE_BRACE) <= SPACE) first++
  return { start: start + 1, end: start + 1, text: json[first] === CLOSE_BRACE ? member : `${member},` }
}
