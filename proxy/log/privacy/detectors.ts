/** A part of a text, [start, end), that is not shown. */
export interface Finding {
  start: number
  end: number
  /** Shown in its place. */
  kind: string
  /** The same for values that mean the same. */
  value: string
}

/** Finds what is not shown; its time grows in proportion to the text. */
export type Detector = (text: string) => Iterable<Finding>

/** Longer parts before and after the sign are not an address. */
const MAX_LOCAL = 64
const MAX_DOMAIN = 255
/** Plain, or as in a URL, also one inside another, or in HTML. */
const AT = /@|%(?:25){0,3}40|&#(?:0{0,4}64|x0{0,4}40);|&commat;/gi
/** Names, or a number in brackets. */
const DOMAIN =
  /^(?:(?:[\p{L}\p{N}_](?:[\p{L}\p{N}_-]{0,62}[\p{L}\p{N}_])?\.){1,8}\p{L}[\p{L}\p{N}-]{0,61}[\p{L}\p{N}]|\[(?:IPv6:)?[\da-f.:]{3,45}\])/iu
/** The first character that is not of an alphabet whose words have spaces between them. */
const FIRST_WITHOUT_SPACES = 0x0590
/** Letters and digits, and of the other allowed characters those that seldom separate an address from what is before it. */
const LOCAL_ASCII = new Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$'*+-^_~")
const BACKSLASH = '\\'
const MAY_BEGIN = /[\p{L}\p{N}_]/u

/** E-mail addresses. */
export function* emails(text: string): Generator<Finding> {
  for (const { 0: sign, index } of text.matchAll(AT)) {
    const start = startOfLocal(text, index)
    const afterSign = index + sign.length
    const domain = start < index ? DOMAIN.exec(text.slice(afterSign, afterSign + MAX_DOMAIN))?.[0] : undefined
    if (domain === undefined) continue
    const value = `${text.slice(start, index)}@${domain}`.toLowerCase()
    yield { start, end: afterSign + domain.length, kind: 'email', value }
  }
}

function startOfLocal(text: string, end: number): number {
  if (text[end - 1] === '"') return startOfQuoted(text, end)
  let start = end
  while (start > Math.max(0, end - MAX_LOCAL) && isLocal(text, start - 1)) start--
  while (start < end && !MAY_BEGIN.test(text[start] as string)) start++
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

function isLocal(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  if (code < 0x80) return LOCAL_ASCII.has(text[at] as string)
  return code < FIRST_WITHOUT_SPACES && /\p{L}/u.test(text[at] as string)
}

/** Digits, between which there may be a few spaces, points or hyphens of any kind. */
const DIGITS = /\d(?:[ .\u00a0\u2000-\u200b\u202f\u2060\u2010-\u2015\u2212_-]{0,3}\d){12,}/g
/** Digits of each group of a number that is written with points; the parts of other numbers are often longer or shorter. */
const POINTED_GROUP = { min: 3, max: 6 }
const CARD_LENGTH = { min: 13, max: 19 }
/** The first digits of the cards of all large companies. */
const FIRST_DIGITS = '23456'

/** Numbers of payment cards: their digits have the check sum of Luhn. */
export function* cards(text: string): Generator<Finding> {
  for (const { 0: run, index } of text.matchAll(DIGITS)) {
    const groups = [...run.matchAll(/\d+/g)].map(({ 0: digits, index: at }): Group => {
      return { digits, start: index + at, isAfterPoint: run[at - 1] === '.' }
    })
    for (let first = 0; first < groups.length; first++) {
      const found = cardFrom(groups, first)
      if (!found) continue
      yield found.finding
      first = found.lastGroup
    }
  }
}

interface Group {
  digits: string
  start: number
  isAfterPoint: boolean
}

/** The longest card that begins with this group of digits and ends with one of the next. */
function cardFrom(groups: readonly Group[], first: number): { finding: Finding; lastGroup: number } | undefined {
  const { start = 0 } = groups[first] ?? {}
  let value = ''
  let found: { finding: Finding; lastGroup: number } | undefined
  for (let last = first; last < groups.length && value.length <= CARD_LENGTH.max; last++) {
    const group = groups[last] as Group
    if (last > first && group.isAfterPoint && ![groups[last - 1], group].every(isOfPointed)) break
    value += group.digits
    if (isCard(value))
      found = { finding: { start, end: group.start + group.digits.length, kind: 'card', value }, lastGroup: last }
  }
  return found
}

function isOfPointed(group: Group | undefined): boolean {
  const { length } = group?.digits ?? ''
  return length >= POINTED_GROUP.min && length <= POINTED_GROUP.max
}

function isCard(digits: string): boolean {
  const { length } = digits
  if (length < CARD_LENGTH.min || length > CARD_LENGTH.max || !FIRST_DIGITS.includes(digits[0] as string)) return false
  let sum = 0
  for (let at = 0; at < length; at++) {
    const digit = Number(digits[length - 1 - at]) * (at % 2 === 0 ? 1 : 2)
    sum += digit > 9 ? digit - 9 : digit
  }
  return sum % 10 === 0
}
