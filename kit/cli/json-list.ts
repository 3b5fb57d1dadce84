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

interface PrintedList {
  verb: string
  rows: AnyIterable<unknown>
  /** Asked for after the last row. */
  rest(): RestOfList
  /** The same if a row could not be read after others were printed. */
  restAfter(error: unknown): RestOfList
}

/**
 * Prints the same document as `printSuccess` or `printFailure`, whose result is a list of any length: rows are taken only as
 * fast as they are read. Of a long list `ok`, and the error if there is one, are the last members, so that a document never
 * says that all is well before that is known.
 * @throws what the rows throw, if nothing has been printed yet
 */
export async function printList(terminal: Terminal, { verb, rows, rest, restAfter }: PrintedList): Promise<void> {
  let [chunk, separator, isBegun] = ['', '', false]
  let thrown: { error: unknown } | undefined
  const flush = async () => {
    terminal.out(isBegun ? chunk : startOf({ verb }) + chunk)
    isBegun = true
    chunk = ''
    await terminal.untilOutIsRead()
  }
  for await (const row of untilError(rows, (error) => (thrown = { error }))) {
    chunk += separator + jsonText(row)
    separator = ','
    if (chunk.length > (isBegun ? CHUNK_LENGTH : MAX_HELD_LENGTH)) await flush()
  }
  if (thrown && !isBegun) throw thrown.error
  const { found, warnings = [], error } = thrown ? restAfter(thrown.error) : rest()
  const isOk = error === undefined
  const counts = isOk ? found : {}
  if (isBegun) terminal.out(chunk + endOf({ ...counts, warnings, error, ok: isOk }))
  else terminal.out(startOf({ ok: isOk, verb, error }) + chunk + endOf({ ...counts, warnings }))
}

/** The rows that come before an error. */
async function* untilError<Row>(rows: AnyIterable<Row>, onError: (error: unknown) => void): AsyncGenerator<Row, void> {
  try {
    yield* rows
  } catch (error) {
    onError(error)
  }
}

function startOf(members: object): string {
  return `${jsonText(members).slice(0, -1)},"result":[`
}

function endOf(members: object): string {
  return `],${jsonText(members).slice(1)}\n`
}
