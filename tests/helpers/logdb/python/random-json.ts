import type { Random } from '../../random.ts'

/** Lone surrogates are left out: Python's own program fails on them when it writes. */
const PIECES: [string, ...string[]] = [
  'a',
  'Z',
  ' ',
  'é',
  '€',
  '😀',
  '\u2028',
  '{',
  '}',
  '\\n',
  '\\"',
  '\\\\',
  '\\/',
  '\\u0000',
  '\\u00E9',
  '\\ud83d\\ude00',
  '\\u001f',
  '\\u007F',
  '\\uffff',
  '\uffff',
]
const SPACES: [string, ...string[]] = ['', '', '', ' ', '\n  ', '\t', '\r\n']

/** A JSON text as Python reads it, with keys that come twice, numbers of every form, and white space. */
export function randomJson(random: Random, depth = 0): string {
  const list = (item: () => string) => Array.from({ length: random.below(5) }, item).join(`${space()},${space()}`)
  const space = () => random.pick(SPACES)
  const text = () => `"${Array.from({ length: random.below(6) }, () => random.pick(PIECES)).join('')}"`
  switch (random.below(depth > 3 ? 3 : 5)) {
    case 0:
      return randomNumber(random)
    case 1:
      return text()
    case 2:
      return random.pick(['true', 'false', 'null', 'NaN', '-Infinity'])
    case 3:
      return `[${space()}${list(() => randomJson(random, depth + 1))}${space()}]`
    default:
      return `{${list(() => `${text()}${space()}:${space()}${randomJson(random, depth + 1)}`)}}`
  }
}

function randomNumber(random: Random): string {
  const digits = (most: number) => random.text('0123456789', most)
  const sign = random.pick(['', '', '-'])
  const whole = random.pick(['0', `${1 + random.below(9)}${digits(20)}`])
  const fraction = random.pick(['', `.${random.below(10)}${digits(17)}`])
  const exponent = random.pick([
    '',
    `${random.pick(['e', 'E'])}${random.pick(['', '+', '-'])}${random.below(10)}${digits(2)}`,
  ])
  return sign + whole + fraction + exponent
}
