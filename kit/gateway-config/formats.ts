import { splitList } from '../list.ts'

/** Those that the gateway sets itself, and those that belong to one connection or would change what the body means. */
const RESERVED_HEADERS = new Set([
  'authorization',
  'x-api-key',
  'content-type',
  'content-length',
  'content-encoding',
  'host',
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'accept-encoding',
])

/** What a text has to be, beyond what a regular expression can say: formats of JSON Schema by their name. */
export const FORMATS = {
  'http-url': (text: string) => /^https?:\/\/[^\s?#]+$/.test(text) && URL.canParse(text) && !hasCredentials(text),
  'header-name': (text: string) => /^[\w!#$%&'*+.^`|~-]+$/.test(text) && !RESERVED_HEADERS.has(text.toLowerCase()),
  'header-value': (text: string) => /^[\t\x20-\x7e]*$/.test(text),
  'provider-keys': (text: string) => text.split(',').every((key) => /^[\x20-\x7e]*$/.test(key.trim())),
  'host-names': (text: string) => splitList(text).every((name) => /^(\[[\da-f:.]+\]|[\w.-]+)$/i.test(name)),
  origins: (text: string) => splitList(text).every((origin) => origin === '*' || isOrigin(origin)),
}

export type FormatName = keyof typeof FORMATS

/** Completes "allowed: ...". */
export const FORMAT_MEANINGS: Record<FormatName, string> = {
  'http-url': 'an http:// or https:// URL with a host and, if any, a port up to 65535, and without user:password@',
  'header-name': `the name of a header, but none of ${[...RESERVED_HEADERS].join(', ')}`,
  'header-value': 'printable ASCII and tabs',
  'provider-keys': 'keys of printable ASCII, separated by commas',
  'host-names': 'names or addresses without a port, separated by commas',
  origins: '* or origins like https://app.example.com, separated by commas',
}

/** What an error shows of a value of this format, which may hold a secret. */
export function shownValue(format: string | undefined, value: unknown): string {
  if (format === 'header-value') return 'a character that cannot be sent'
  return format === 'http-url' && hasCredentials(String(value)) ? 'a URL with user:password@' : JSON.stringify(value)
}

function hasCredentials(url: string): boolean {
  if (!URL.canParse(url)) return /^\w+:\/\/[^/]*@/.test(url)
  const { username, password } = new URL(url)
  return username !== '' || password !== ''
}

/** True for what browsers send in the header Origin: no path, no default port. */
function isOrigin(text: string): boolean {
  return !text.includes('*') && URL.canParse(text) && new URL(text).origin === text.toLowerCase()
}
