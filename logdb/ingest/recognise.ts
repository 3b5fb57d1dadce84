import type { SourceFile } from '../sources/source-file.ts'
import { readRanges } from '../sources/source-file.ts'
import { type Control, HEAD_BYTES, type Source, sha256 } from '../store/control/control.ts'

/** A file as a source: what is known of it, and its first bytes. */
export interface RecognisedSource {
  source: Source
  head: Buffer
}

/**
 * Finds out which known source a file is, whatever it is called now: it must begin with the same bytes and hold the same
 * bytes before the offset. If none fits (new, truncated, rewritten), it is a new source and is read from its start;
 * rows that are there already are recognised by their ids. Undefined for an empty file. @throws UnreadableSource
 */
export async function recognise(file: SourceFile, control: Control): Promise<RecognisedSource | undefined> {
  const [head] = await readRanges(file, [{ from: 0, size: HEAD_BYTES }])
  if (!head || head.length === 0) return undefined
  const known = await fittingSource(file, control.candidates(head))
  return { source: known ?? control.addSource(file.path, head), head }
}

/** The first of these sources, which begin as the file does, that goes on like it up to its offset. @throws UnreadableSource */
export async function fittingSource<T extends Source>(file: SourceFile, sources: readonly T[]): Promise<T | undefined> {
  const tails = await readRanges(
    file,
    sources.map(({ offset, tailBytes }) => ({ from: offset - tailBytes, size: tailBytes })),
  )
  return sources.find(({ tailBytes, tailSha256 }, index) => {
    const tail = tails[index]
    return tail?.length === tailBytes && sha256(tail).equals(tailSha256)
  })
}
