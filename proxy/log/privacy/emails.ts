import type { Finding } from './detectors.ts'
import { localCharacterBefore, plainLocalPart } from './local-part.ts'
import { UrlParts } from './url-parts.ts'

/** Longer parts before and after the sign are not an address. */
const MAX_LOCAL = 64
const MAX_DOMAIN = 255
/** Plain, or as in a URL, also one inside another, or in HTML. */
const AT = /@|%((?:25){0,3})40|&#(?:0{0,4}64|x0{0,4}40);|&commat;/gi
/** Names, or a number in brackets. */
const DOMAIN =
  /^(?:(?:[\p{L}\p{N}_](?:[\p{L}\p{N}_-]{0,62}[\p{L}\p{N}_])?\.){1,8}\p{L}[\p{L}\p{N}-]{0,61}[\p{L}\p{N}]|\[(?:IPv6:)?[\da-f.:]{3,45}\])/iu
const BACKSLASH = '\\'
/** Letters of escapes such as `\n`, before an address in JSON inside a text. */
const ESCAPE_LETTERS = 'bfnrt'
const QUOTES = "'`"
const WORD = /[\p{L}\p{N}_]/u

/** Where the part before a sign may be. */
interface Before {
  /** It does not begin before this. */
  floor: number
  /** The sign is here. */
  end: number
  depth: number
  /** The character after the address. */
  closing: string | undefined
}

/** E-mail addresses. */
export function* emails(text: string): Generator<Finding> {
  const urls = new UrlParts(text)
  let endOfLast = 0
  for (const { 0: sign, 1: levels, index } of text.matchAll(AT)) {
    const afterSign = index + sign.length
    const domain = DOMAIN.exec(text.slice(afterSign, afterSign + MAX_DOMAIN))?.[0]
    if (domain === undefined) continue
    const end = afterSign + domain.length
    const depth = levels === undefined ? 0 : levels.length / 2 + 1
    // The end of an address may also be the beginning of the next one, as in a@b.de@c.fr: then both are one.
    const floor = Math.max(urls.startAt(index), endOfLast < index ? endOfLast : 0)
    const start = startOfLocal(text, { floor, end: index, depth, closing: text[end] })
    if (start === index) continue
    endOfLast = end
    const value = `${plainLocalPart(text.slice(start, index), depth)}@${domain}`.toLowerCase()
    yield { start, end, kind: 'email', value }
  }
}

function startOfLocal(text: string, before: Before): number {
  const { floor, end, depth } = before
  if (text[end - 1] === '"') return startOfQuoted(text, end)
  let [at, start] = [end, end]
  for (let count = 0; count < MAX_LOCAL && at > floor; count++) {
    const character = localCharacterBefore(text, at, depth)
    if (!character || at - character.length < floor) break
    at -= character.length
    if (text[at - 1] === BACKSLASH && ESCAPE_LETTERS.includes(text[at] as string)) break
    if (character.mayBegin) start = at
  }
  return afterOpeningQuote(text, start, before)
}

/** An address in quotes, as in `to='jo@example.com'`, begins after the first one. */
function afterOpeningQuote(text: string, start: number, { end, closing }: Before): number {
  if (closing === undefined || !QUOTES.includes(closing)) return start
  for (let at = start + 1; at < end; at++) {
    if (text[at] !== closing || WORD.test(text[at - 1] as string)) continue
    let first = at + 1
    while (first < end && !WORD.test(text[first] as string)) first++
    return first < end ? first : start
  }
  return start
}

/** Where the quoted part before the sign begins, with the backslashes before its quote; `end` if it is not quoted. */
function startOfQuoted(text: string, end: number): number {
  let start = text.lastIndexOf('"', end - 2 - countBackslashes(text, end - 1))
  if (start < Math.max(0, end - MAX_LOCAL)) return end
  while (text[start - 1] === BACKSLASH) start--
  return start
}

function countBackslashes(text: string, end: number): number {
  let start = end
  while (text[start - 1] === BACKSLASH && end - start < MAX_LOCAL) start--
  return end - start
}
