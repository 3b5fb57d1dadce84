import { createHmac } from 'node:crypto'
import { BACKSLASH, MINUS, NINE, QUOTE, ZERO } from '../../../kit/ascii.ts'
import type { RedactionRule } from '../../../kit/gateway-config/config-schema.ts'
import { compileLinearPattern } from '../../../kit/gateway-config/linear-pattern.ts'
import { applyEdits, type Edit } from '../../json/edit.ts'
import type { SecretMask } from '../../secret-mask.ts'
import { cards, type Detector, type Finding } from './detectors.ts'
import { emails } from './emails.ts'

/** Makes a redactor. */
export interface RedactorOptions {
  rules: readonly RedactionRule[]
  /** Knows the gateway's own keys. */
  secrets: SecretMask
  /** Makes equal values recognisable; without it they cannot be told apart. */
  hashSecret: string | undefined
}

/** Hex digits of a value's HMAC: few enough to be readable, enough to tell values apart. */
const DIGEST_DIGITS = 12
/** Pauses after this many bytes. */
const BYTES_A_STEP = 128 * 1024
/** This many characters after a cut show what was cut. */
const MAX_CONTEXT = 16 * 1024
/** A cut moves back by this many characters at a time. */
const CUT_STEP = 16
/** Escapes that JSON inside a text may have for a character that JSON does not need to escape. */
const ESCAPES = /\\{1,8}(?:u([0-9a-f]{4})|(\/))/gi
/** A value that follows an escaped line break, as in `\n` inside JSON inside a text, does not begin with its letter. */
const ESCAPE_LETTERS = 'bfnrt'

/** Replaces what must not be stored by its kind, as in `[email]`, or `[email:3f2a09c1d5e7]` with a secret for the digest. */
export class Redactor {
  readonly #detectors: readonly Detector[]
  readonly #hashSecret: string | undefined

  constructor({ rules, secrets, hashSecret }: RedactorOptions) {
    this.#detectors = rules.map((rule) => detectorOf(rule, secrets))
    this.#hashSecret = hashSecret
  }

  /** A text without what must not be stored; also where JSON inside the text escapes it. */
  text(text: string): string {
    if (!text.includes('\\')) return this.#replaceIn(text)
    const plain = text.replace(ESCAPES, unescaped)
    const shown = this.#replaceIn(plain)
    return shown === plain ? this.#replaceIn(text) : shown
  }

  /** The first characters of a longer text, at most so many, as they are; fewer if these would hold only a part of a finding. */
  beginning(text: string, maxLength: number): string {
    const whole = this.text(text.slice(0, maxLength + MAX_CONTEXT))
    let start = text.slice(0, maxLength)
    while (!whole.startsWith(this.text(start))) start = start.slice(0, -CUT_STEP)
    return start
  }

  /**
   * Bytes that are known to be JSON, without what must not be stored in its texts, names and numbers; everything else stays as
   * it is. Yields after each step.
   */
  *json(json: Buffer): Generator<void, Buffer> {
    const edits: Edit[] = []
    let pauseAt = BYTES_A_STEP
    for (let at = 0; at < json.length; ) {
      const end = endOfToken(json, at)
      if (end > at + 1) {
        const token = json.toString('utf8', at, end)
        const text = json[at] === QUOTE ? plainText(token) : token
        const shown = this.text(text)
        if (shown !== text) edits.push({ start: at, end, text: JSON.stringify(shown) })
      }
      at = end
      if (at < pauseAt) continue
      pauseAt = at + BYTES_A_STEP
      yield
    }
    return applyEdits(json, edits)
  }

  /** The same without pauses. */
  wholeJson(json: Buffer): Buffer {
    const steps = this.json(json)
    let step = steps.next()
    while (!step.done) step = steps.next()
    return step.value
  }

  #replaceIn(text: string): string {
    const findings = this.#detectors.flatMap((detect) => [...detect(text)]).sort((a, b) => a.start - b.start)
    if (findings.length === 0) return text
    let shown = ''
    let copied = 0
    for (const { start, end, kind, value } of joinedFindings(findings)) {
      const afterEscape = text[start - 1] === '\\' && ESCAPE_LETTERS.includes(text[start] as string) ? 1 : 0
      shown += `${text.slice(copied, start + afterEscape)}${this.#mark(kind, value.slice(afterEscape))}`
      copied = end
    }
    return shown + text.slice(copied)
  }

  #mark(kind: string, value: string): string {
    if (this.#hashSecret === undefined) return `[${kind}]`
    const hmac = createHmac('sha256', this.#hashSecret).update(`ai-proxy/redact/v1:${kind}:${value}`)
    return `[${kind}:${hmac.digest('hex').slice(0, DIGEST_DIGITS)}]`
  }
}

/** In the order of the text; those that overlap become one, of the kind of the first. */
function joinedFindings(sorted: readonly Finding[]): Finding[] {
  const joined: Finding[] = []
  for (const finding of sorted) {
    const last = joined.at(-1)
    if (!last || finding.start >= last.end) joined.push({ ...finding })
    else if (finding.end > last.end) last.end = finding.end
  }
  return joined
}

function detectorOf(rule: RedactionRule, secrets: SecretMask): Detector {
  if (rule === 'emails') return emails
  if (rule === 'cards') return cards
  if (rule === 'keys') return (text) => secrets.find(text).map((found) => ({ ...found, kind: 'key' }))
  const pattern = compileLinearPattern(rule.pattern)
  return function* matches(text) {
    const matcher = pattern.matcher(text)
    while (matcher.find()) {
      const [start, end] = [matcher.start(), matcher.end()]
      if (end > start) yield { start, end, kind: rule.name, value: text.slice(start, end) }
    }
  }
}

/** A quote and a backslash stay escaped, because they have a meaning in the JSON inside the text; so do control characters. */
function unescaped(sequence: string, hex: string | undefined, slash: string | undefined): string {
  if (slash !== undefined) return slash
  const code = Number.parseInt(hex ?? '', 16)
  const char = String.fromCharCode(code)
  return code < 0x20 || char === '"' || char === '\\' || (code >= 0xd800 && code < 0xe000) ? sequence : char
}

function plainText(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1)
  return JSON.parse(literal)
}

/** The end of the string or number that begins here; one byte further if none does. */
function endOfToken(json: Buffer, start: number): number {
  const byte = json[start] as number
  if (byte === QUOTE) return endOfString(json, start)
  return byte === MINUS || (byte >= ZERO && byte <= NINE) ? endOfNumber(json, start) : start + 1
}

function endOfString(json: Buffer, start: number): number {
  let at = start + 1
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1
  return at + 1
}

function endOfNumber(json: Buffer, start: number): number {
  let at = start + 1
  while (at < json.length && NUMBER_BYTES.has(json[at] as number)) at++
  return at
}

const NUMBER_BYTES = new Set(Buffer.from('0123456789+-.eE'))
