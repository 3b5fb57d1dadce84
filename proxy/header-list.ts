/** Names and values in turn, which is the form that Node writes without any lookup. */
export type HeaderList = string[]

/** Clients compare the content type as a whole; the other two keep proxies from holding events back. */
export const EVENT_STREAM_HEADERS: HeaderList = [
  'content-type',
  'text/event-stream',
  'cache-control',
  'no-cache, no-transform',
  'x-accel-buffering',
  'no',
]

/** The same as an object; of several headers with one name the last one is kept. */
export function headerRecord(headers: HeaderList): Record<string, string> {
  const record: Record<string, string> = {}
  for (let at = 0; at < headers.length; at += 2) record[headers[at] as string] = headers[at + 1] as string
  return record
}
