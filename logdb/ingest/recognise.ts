import type { SourceFile } from '../sources/source-file.ts'
import { readRange } from '../sources/source-file.ts'
import { type Control, HEAD_BYTES, type Source, sha256, TAIL_BYTES } from '../store/control.ts'

/** A file as a source: what is known of it, and the bytes that tell it apart. */
export interface RecognisedSource {
  source: Source
  /** First bytes of the file. */
  head: Buffer
  /** Last bytes before the source's offset. */
  tail: Buffer
}

/**
 * Finds out which known source a file is, whatever it is called now: it must begin with the same bytes and hold the same
 * bytes before the offset. If none fits (new, truncated, rewritten), it is a new source and is read from its start;
 * rows that are there already are recognised by their ids. Undefined for an empty file.
 */
export async function recognise(file: SourceFile, control: Control): Promise<RecognisedSource | undefined> {
  const head = await readRange(file, 0, HEAD_BYTES)
  if (head.length === 0) return undefined
  for (const source of control.candidates(head)) {
    const tail = await readRange(file, source.offset - source.tailBytes, source.tailBytes)
    if (tail.length === source.tailBytes && sha256(tail).equals(source.tailSha256)) return { source, head, tail }
  }
  return { source: control.addSource(file.path, head), head, tail: Buffer.alloc(0) }
}

/** The last bytes before the end of `bytes`, which follow `before`. */
export function tailAfter(before: Buffer, bytes: Buffer): Buffer {
  if (bytes.length >= TAIL_BYTES) return Buffer.from(bytes.subarray(-TAIL_BYTES))
  return Buffer.concat([before, bytes]).subarray(-TAIL_BYTES)
}
