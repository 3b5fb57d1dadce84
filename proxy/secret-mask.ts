/** What is shown in place of a key. */
const MASK = '***'
/** A shorter text may be part of ordinary words. */
const MIN_LENGTH = 8
/** Google names the key of a suspended project in its error. */
const GOOGLE_KEY = String.raw`(?<=api_key:)[^'"\\\s<&]+`

/** Hides the gateway's own keys in what providers say: as they are, or escaped as in JSON or in a URL, also repeatedly. */
export class SecretMask {
  readonly #pattern: RegExp

  constructor(secrets: readonly string[]) {
    const long = [...new Set(secrets)].filter(({ length }) => length >= MIN_LENGTH).sort((a, b) => b.length - a.length)
    const patterns = long.map((secret) => [...secret].map(charPattern).join(''))
    this.#pattern = new RegExp([...patterns, GOOGLE_KEY].join('|'), 'g')
  }

  maskText(text: string): string {
    return text.replace(this.#pattern, MASK)
  }

  /** @returns the same buffer if it holds no key */
  mask(bytes: Buffer): Buffer {
    const text = bytes.toString('latin1')
    const masked = this.maskText(text)
    return masked === text ? bytes : Buffer.from(masked, 'latin1')
  }
}

/** Every way to write this character. The number of backslashes is limited, so that long rows of them cost little. */
function charPattern(char: string): string {
  const code = char.charCodeAt(0)
  const hex = code
    .toString(16)
    .padStart(2, '0')
    .replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
  const utf8 = Buffer.from(char).toString('latin1')
  const plain = [...new Set([char, utf8])].map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`))
  return String.raw`(?:\\{0,8}(?:${plain.join('|')})|\\{1,8}u00${hex}|%(?:25){0,3}${hex})`
}
