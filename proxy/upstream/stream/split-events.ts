import { CARRIAGE_RETURN, COLON, LINE_FEED } from '../../../kit/ascii.ts'
import { EVENT_ENDS } from './whole-events.ts'

const EVENT_END = new RegExp(EVENT_ENDS.join('|'), 'g')
const DATA = 'data:'

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
  const lines = event.toString('utf8').split(/\r\n|\r|\n/)
  const data = lines.flatMap((line) => (line.startsWith(DATA) ? line.slice(DATA.length) : []))
  return data.length === 0 ? undefined : data.join('\n').trim()
}

/** The index after the comments at the beginning of these bytes. */
export function commentsEnd(bytes: Buffer): number {
  let end = 0
  while (bytes[end] === COLON || (end > 0 && (bytes[end] === LINE_FEED || bytes[end] === CARRIAGE_RETURN))) {
    const lineEnd = bytes.indexOf(LINE_FEED, end)
    end = lineEnd === -1 ? bytes.length : lineEnd + 1
  }
  return end
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
