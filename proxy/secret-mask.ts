/** What is shown in place of a key. */
const MASK = '***'
/** A shorter text may be part of ordinary words. */
const MIN_LENGTH = 8
const MAX_KEPT_LENGTH = 64
const MAX_KEPT = 200
/** Google names the key of a suspended project in its error. */
const GOOGLE_KEY = String.raw`(?<=api_key:)[^'"\\\s<&]+`

/** A key in a text. */
export interface FoundSecret {
  start: number
  end: number
  /** The key, however it is written there. */
  value: string
}

/** Hides the gateway's own keys in what providers say: as they are, or escaped as in JSON or in a URL, also repeatedly. */
export class SecretMask {
  readonly #pattern: RegExp
  readonly #secrets: readonly string[]
  /** Any form that says what the secret is; each secret is one group. Made when it is needed. */
  #anyForm: RegExp | undefined
  /** Short texts without a key, such as content types and names of headers, which every answer repeats. */
  readonly #clean = new Set<string>()

  constructor(secrets: readonly string[]) {
    const long = [...new Set(secrets)].filter(({ length }) => length >= MIN_LENGTH).sort((a, b) => b.length - a.length)
    const patterns = long.map((secret) => [...secret].map((char) => charPattern(char)).join(''))
    this.#secrets = long
    this.#pattern = new RegExp(anyOf(long, patterns), 'g')
  }

  /** Where the keys are in a text, in any case and also in base64, hexadecimal and HTML. `value` is the key itself. */
  find(text: string): FoundSecret[] {
    return [...this.#findWritten(text), ...this.#secrets.flatMap((secret) => encodedForms(secret, text))]
  }

  #findWritten(text: string): FoundSecret[] {
    this.#anyForm ??= new RegExp(
      anyOf(
        this.#secrets,
        this.#secrets.map((secret) => `(${[...secret].map((char) => charPattern(char, htmlForms(char))).join('')})`),
      ),
      'gi',
    )
    return [...text.matchAll(this.#anyForm)].map(({ 0: found, index: start, ...groups }) => {
      const at = this.#secrets.findIndex((_, number) => groups[number + 1] !== undefined)
      return { start, end: start + found.length, value: this.#secrets[at] ?? found }
    })
  }

  maskText(text: string): string {
    if (text.length < MIN_LENGTH || this.#clean.has(text)) return text
    const masked = text.replace(this.#pattern, MASK)
    if (masked === text && text.length <= MAX_KEPT_LENGTH && this.#clean.size < MAX_KEPT) this.#clean.add(text)
    return masked
  }

  /** @returns the same buffer if it holds no key */
  mask(bytes: Buffer): Buffer {
    const text = bytes.toString('latin1')
    const masked = this.maskText(text)
    return masked === text ? bytes : Buffer.from(masked, 'latin1')
  }
}

/** One of these patterns, which are tried only where one of them can begin. */
function anyOf(secrets: readonly string[], patterns: readonly string[]): string {
  if (patterns.length === 0) return GOOGLE_KEY
  const firsts = secrets.flatMap(firstChars)
  const others = [...new Set(firsts)].map((char) => String.raw`\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return String.raw`(?=[\\%&${others.join('')}])(?:${patterns.join('|')})|${GOOGLE_KEY}`
}

/** Also of its bytes in UTF-8, each of them taken for a character. */
function firstChars(text: string): string[] {
  return [text.charAt(0), Buffer.from(text).toString('latin1', 0, 1)]
}

/** A key in base64 or hexadecimal. */
function encodedForms(secret: string, text: string): FoundSecret[] {
  const bytes = Buffer.from(secret)
  const hex = bytes.toString('hex')
  const base64 = [0, 1, 2].map((before) => base64Core(bytes, before))
  const ofUrls = base64.map((core) => core.replaceAll('+', '-').replaceAll('/', '_'))
  const forms = [...new Set([...base64, ...ofUrls, hex, hex.toUpperCase()])]
  return forms.flatMap((form) =>
    placesOf(form, text).map((start) => ({ start, end: start + form.length, value: secret })),
  )
}

/** In base64 a text looks different at each of three places, and its first and last characters depend on what is around it. */
function base64Core(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
}

function placesOf(form: string, text: string): number[] {
  const places: number[] = []
  for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + form.length)) places.push(at)
  return places
}

const HTML_NAMES: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' }

function htmlForms(char: string): string {
  const code = char.codePointAt(0) ?? 0
  const name = HTML_NAMES[char]
  return `|&#(?:0{0,4}${code}|x0{0,4}${code.toString(16)});${name === undefined ? '' : `|&${name};`}`
}

/** Every way to write this character. The number of backslashes is limited, so that long rows of them cost little. */
function charPattern(char: string, more = ''): string {
  const code = char.charCodeAt(0)
  const hex = code
    .toString(16)
    .padStart(2, '0')
    .replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
  const utf8 = Buffer.from(char).toString('latin1')
  const plain = [...new Set([char, utf8])].map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`))
  return String.raw`(?:\\{0,8}(?:${plain.join('|')})|\\{1,8}u00${hex}|%(?:25){0,3}${hex}${more})`
}
