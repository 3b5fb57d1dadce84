import { isObject } from '../../../kit/json.ts'
import { parseJson } from '../../json/parse.ts'
import { EVENT_ENDS } from './whole-events.ts'

const EVENT_END = new RegExp(EVENT_ENDS.join('|'), 'g')
const DATA_FIELD = /^data(?::|$)/

/** The events of a stream in these bytes, each with the blank line after it; bytes after the last blank line are one more. */
export function splitEvents(bytes: Buffer): Buffer[] {
  const events: Buffer[] = []
  let start = 0
  for (const { 0: end, index } of bytes.toString('latin1').matchAll(EVENT_END)) {
    events.push(bytes.subarray(start, index + end.length))
    start = index + end.length
  }
  return start === bytes.length ? events : [...events, bytes.subarray(start)]
}

/** The data of one event; undefined if it has none, such as a comment. */
export function dataOf(event: Buffer): string | undefined {
  const lines = event
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/)
  const data = lines.filter((line) => DATA_FIELD.test(line)).map((line) => line.replace(DATA_FIELD, ''))
  return data.length === 0 ? undefined : data.join('\n').trim()
}

/**
 * Masks everything in these whole events that is not content: comments, unknown lines, and events whose data is not a JSON
 * object.
 */
export function maskAroundContent(bytes: Buffer, mask: (bytes: Buffer) => Buffer): Buffer {
  const isContentLine = (line: Buffer) => /^(?:\xef\xbb\xbf)?data:/.test(line.toString('latin1'))
  const shown = splitEvents(bytes).flatMap((event) => {
    if (!isObject(parseJson(dataOf(event) ?? ''))) return mask(event)
    return linesOf(event).map((line) => (isContentLine(line) ? line : mask(line)))
  })
  return Buffer.concat(shown)
}

/** These bytes up to, and without, the event that is the `count`th with data. */
export function beforeEvent(bytes: Buffer, count: number): Buffer {
  const before: Buffer[] = []
  let seen = 0
  for (const event of splitEvents(bytes)) {
    if (dataOf(event) !== undefined) seen++
    if (seen === count) break
    before.push(event)
  }
  return Buffer.concat(before)
}

/** These bytes up to, and without, the first mark of the end that a client might find in them. */
export function beforeDone(bytes: Buffer): Buffer {
  const at = bytes.toString('latin1').search(/(?<![^\r\n])(?:\xef\xbb\xbf)?data: *\[DONE\]/)
  return at === -1 ? bytes : bytes.subarray(0, at)
}

function linesOf(event: Buffer): Buffer[] {
  const lines = event.toString('latin1').split(/(?<=\n|\r(?!\n))/)
  return lines.map((line) => Buffer.from(line, 'latin1'))
}
