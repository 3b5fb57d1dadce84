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
