/** Those that the gateway sets itself, and those that belong to a connection. */
const RESERVED_HEADERS = new Set([
  'authorization',
  'x-api-key',
  'content-type',
  'content-length',
  'host',
  'connection',
  'transfer-encoding',
  'accept-encoding',
])

/** What a text has to be, beyond what a regular expression can say: formats of JSON Schema by their name. */
export const FORMATS = {
  'http-url': (text: string) => /^https?:\/\/[^\s?#]+$/.test(text) && URL.canParse(text),
  'header-name': (text: string) => /^[\w!#$%&'*+.^`|~-]+$/.test(text) && !RESERVED_HEADERS.has(text.toLowerCase()),
  'header-value': (text: string) => /^[\t\x20-\x7e]*$/.test(text),
  'provider-keys': (text: string) => text.split(',').every((key) => /^[\x20-\x7e]*$/.test(key.trim())),
}

export type FormatName = keyof typeof FORMATS

/** Completes "allowed: ...". */
export const FORMAT_MEANINGS: Record<FormatName, string> = {
  'http-url': 'an http:// or https:// URL with a host and, if any, a port up to 65535',
  'header-name': `the name of a header, but none of ${[...RESERVED_HEADERS].join(', ')}`,
  'header-value': 'printable ASCII and tabs',
  'provider-keys': 'keys of printable ASCII, separated by commas',
}
