import { X509Certificate } from 'node:crypto'
import { splitList } from '../list.ts'
import { compileLinearPattern } from './linear-pattern.ts'

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

export function isReservedHeader(name: string): boolean {
  return RESERVED_HEADERS.has(name.toLowerCase())
}

/** What a text has to be, beyond what a regular expression can say: formats of JSON Schema by their name. */
export const FORMATS = {
  'http-url': (text: string) => /^https?:\/\/[^\s?#]+$/.test(text) && URL.canParse(text) && !hasCredentials(text),
  'proxy-url': (text: string) => proxyUrlIn(text) !== undefined,
  certificates: (text: string) => certificatesIn(text).length > 0,
  'header-name': (text: string) => /^[\w!#$%&'*+.^`|~-]+$/.test(text) && !isReservedHeader(text),
  'header-pattern': (text: string) => /^[\w!#$%&'+.^`|~-]+\*?$/.test(text) && !isReservedHeader(text),
  'header-value': (text: string) => /^[\t\x20-\x7e]*$/.test(text),
  'provider-keys': (text: string) => text.split(',').every((key) => /^[\x20-\x7e]*$/.test(key.trim())),
  'host-names': (text: string) => splitList(text).every((name) => /^(\[[\da-f:.]+\]|[\w.-]+)$/i.test(name)),
  'rule-name': (text: string) => /^[a-z][a-z0-9_-]*$/.test(text),
  'linear-pattern': isUsefulPattern,
  pairs: (text: string) => splitList(text).every((pair) => /^[^=\s]+\s*=/.test(pair) && isDecodable(pair)),
  origins: (text: string) => splitList(text).every((origin) => origin === '*' || isOrigin(origin)),
}

export type FormatName = keyof typeof FORMATS

/** Completes "allowed: ...". */
export const FORMAT_MEANINGS: Record<FormatName, string> = {
  'http-url': 'an http:// or https:// URL with a host and, if any, a port up to 65535, and without user:password@',
  'proxy-url': 'the address of a proxy, with http:// (or without) or https://, and perhaps user:password@',
  certificates: 'certificates in PEM',
  'header-name': `the name of a header, but none of ${[...RESERVED_HEADERS].join(', ')}`,
  'header-pattern': `the name of a header, or how it begins with * after it, but none of ${[...RESERVED_HEADERS].join(', ')}`,
  'header-value': 'printable ASCII and tabs',
  'provider-keys': 'keys of printable ASCII, separated by commas',
  'host-names': 'names or addresses without a port, separated by commas',
  'rule-name': 'a word of lower-case letters, digits, - and _',
  'linear-pattern': 'a regular expression of RE2 (no lookaround, no backreferences) that does not match an empty text',
  pairs: 'name=value, separated by commas, with other characters as in a URL',
  origins: '* or origins like https://app.example.com, separated by commas',
}

/** What an error shows of a value of this format, which may hold a secret. */
export function shownValue(format: string | undefined, value: unknown): string {
  if (format === 'certificates') return 'a text that is not certificates'
  if (format === 'header-value') return 'a character that cannot be sent'
  return format === 'http-url' && hasCredentials(String(value)) ? 'a URL with user:password@' : JSON.stringify(value)
}

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== ''
  } catch {
    return false
  }
}

/** The URL of a proxy, which may leave out `http://` as for most programs; undefined if it is none. */
export function proxyUrlIn(text: string): URL | undefined {
  const url = /^https?:\/\//i.test(text) ? text : `http://${text}`
  // Where a password has other signs than these, a part of it would be taken for the name of the proxy, and shown.
  const isPlain = /^\w+:\/\/[^\s/?#\\]+\/?$/.test(url) && isDecodable(text)
  return isPlain && URL.canParse(url) ? new URL(url) : undefined
}

/** The certificates in a text of PEM; empty if one of them cannot be read. */
export function certificatesIn(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  return blocks.every(isCertificate) ? blocks : []
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}

function hasCredentials(url: string): boolean {
  if (!URL.canParse(url)) return /^\w+:\/\/[^/]*@/.test(url)
  const { username, password } = new URL(url)
  return username !== '' || password !== ''
}

/** The values of a list such as `a=1,b=2`, by name; the values may be written as in a URL. */
export function readPairs(text: string | undefined): Record<string, string> {
  const pairs = splitList(text).map((pair) => {
    const [name = '', ...value] = pair.split('=')
    return [name.trim(), decodeURIComponent(value.join('=').trim())] as const
  })
  return Object.fromEntries(pairs)
}

/** A pattern that matches an empty text matches everywhere. */
function isUsefulPattern(text: string): boolean {
  try {
    return !compileLinearPattern(text).matcher('').find()
  } catch {
    return false
  }
}

/** True for what browsers send in the header Origin: no path, no default port. */
function isOrigin(text: string): boolean {
  return !text.includes('*') && URL.canParse(text) && new URL(text).origin === text.toLowerCase()
}
