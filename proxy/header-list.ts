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
