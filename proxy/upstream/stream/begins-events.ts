/** How a line of an event stream begins: https://html.spec.whatwg.org/multipage/server-sent-events.html */
const BEGINNINGS = ['data:', 'event:', 'id:', 'retry:', ':']
const BYTES = 64

/** Whether bytes are the beginning of an event stream; undefined if there are too few of them. */
export function beginsEvents(bytes: Buffer): boolean | undefined {
  const text = bytes
    .toString('utf8', 0, BYTES)
    .replace(/^\ufeff/, '')
    .trimStart()
  if (BEGINNINGS.some((beginning) => text.startsWith(beginning))) return true
  return bytes.length < BYTES && BEGINNINGS.some((beginning) => beginning.startsWith(text)) ? undefined : false
}
