import { type ErrorFacts, jsonText, type Success } from './json-envelope.ts'
import type { Terminal } from './terminal.ts'

/** Rows that are there already, or that are still to be found. */
export type AnyIterable<Row> = Iterable<Row> | AsyncIterable<Row>

/** What is known after the last row of a list. */
interface RestOfList extends Pick<Success, 'found' | 'warnings'> {
  /** Why the command failed, if it did and still has a result. */
  error?: ErrorFacts | undefined
}

/** Of a list that is not longer, the document begins with how the command ended; a longer one must be printed before that. */
const MAX_HELD_LENGTH = 1024 * 1024
const CHUNK_LENGTH = 64 * 1024

/**
 * Prints the same document as `printSuccess` or `printFailure`, whose result is a list of any length: rows are taken only as
 * fast as they are read. If a command fails after much of its list was printed, the error follows the list.
 */
export async function printList(
  terminal: Terminal,
  { verb, rows, rest }: { verb: string; rows: AnyIterable<unknown>; rest(): RestOfList },
): Promise<void> {
  let [chunk, separator, isBegun] = ['', '', false]
  const flush = async () => {
    terminal.out(isBegun ? chunk : startOf({ ok: true, verb }) + chunk)
    isBegun = true
    chunk = ''
    await terminal.untilOutIsRead()
  }
  for await (const row of rows) {
    chunk += separator + jsonText(row)
    separator = ','
    if (chunk.length > (isBegun ? CHUNK_LENGTH : MAX_HELD_LENGTH)) await flush()
  }
  const { found, warnings = [], error } = rest()
  if (!isBegun) chunk = startOf(error ? { ok: false, verb, error } : { ok: true, verb }) + chunk
  terminal.out(chunk + endOf(isBegun ? { ...found, warnings, error } : { ...(error ? {} : found), warnings }))
}

function startOf(members: object): string {
  return `${jsonText(members).slice(0, -1)},"result":[`
}

function endOf(members: object): string {
  return `],${jsonText(members).slice(1)}\n`
}
