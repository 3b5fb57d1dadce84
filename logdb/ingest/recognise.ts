import type { SourceFile } from '../sources/source-file.ts'
import { readRanges } from '../sources/source-file.ts'
import { digestOf, HEAD_BYTES, type Source, type Sources } from '../store/control/sources.ts'

/** A file as a source: what is known about it, and its first bytes. */
export interface RecognisedSource {
  source: Source
  head: Buffer
}

/**
 * Finds out which known source a file is, whatever its name is now: it must begin with the same bytes and hold the same
 * bytes before the offset. If none fits (new, truncated, rewritten), it is a new source and is read from its start; rows
 * that are already stored are recognised by their ids. Undefined for an empty file. @throws UnreadableSource
 */
export async function recognise(file: SourceFile, sources: Sources): Promise<RecognisedSource | undefined> {
  const [head] = await readRanges(file, [{ from: 0, size: HEAD_BYTES }])
  if (!head || head.length === 0) return undefined
  const known = await fittingSource(file, sources.candidates(head))
  return { source: known ?? sources.add(file.path, head), head }
}

/** The first of these sources, which begin like the file, that is also like it before its offset. @throws UnreadableSource */
export async function fittingSource<T extends Source>(file: SourceFile, sources: readonly T[]): Promise<T | undefined> {
  const tails = await readRanges(
    file,
    sources.map(({ offset, tailBytes }) => ({ from: offset - tailBytes, size: tailBytes })),
  )
  return sources.find(({ tailBytes, tailSha256 }, index) => {
    const tail = tails[index]
    return tail?.length === tailBytes && digestOf(tail).equals(tailSha256)
  })
}
