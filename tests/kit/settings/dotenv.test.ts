import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { editDotenv, parseDotenv } from '../../../kit/settings/dotenv.ts'

const SEED = 20261123
const ROUNDS = 5_000

/** A repeatable source of random numbers below `limit`. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

const random = randomNumbers(SEED)
const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T
const text = (alphabet: string, max: number) => Array.from({ length: random(max) }, () => pick([...alphabet])).join('')

/** Lines that every reader of .env files reads in one way. */
function plainLine(): string {
  const name = pick(['A', 'B_1', 'API_KEYS', 'long_name', 'X'])
  const bare = text('abcXYZ019.:/,@+%~-_', 12)
  return pick([
    '',
    '# a comment',
    `${name}=${bare}`,
    `export ${name}=${bare}`,
    `${name} = ${bare}  `,
    `${name}="${text('abc =:/,$é🙂', 12)}"`,
    `${name}='${text('abc "=#$\\', 12)}'`,
    `${name}=\`${text('abc "\'#', 12)}\``,
    `${name}="a\\nb"`,
    `${name}='first\nsecond # line\nthird'`,
    `${name}=${bare} # comment`,
  ])
}

test('reads what util.parseEnv reads', () => {
  for (let round = 0; round < ROUNDS; round++) {
    const file = Array.from({ length: random(8) }, plainLine).join('\n')
    expect(parseDotenv(file), file).toEqual({ values: { ...parseEnv(file) }, problems: [] })
  }
})

test('lines that say nothing are named, without what they hold', () => {
  const file = 'A=1\nsecret words\n\n# fine\n=x\nB="open\nC=3\n'
  expect(parseDotenv(file)).toEqual({
    values: { A: '1', C: '3' },
    problems: [
      { line: 2, message: 'expected NAME=value or a comment that starts with #' },
      { line: 5, message: 'expected NAME=value or a comment that starts with #' },
      { line: 6, message: 'the quoted value of B has no closing quote' },
    ],
  })
})

test('Windows line ends and a byte order mark are accepted', () => {
  expect(parseDotenv('\uFEFFA=1\r\nB="x y"\r\n')).toEqual({ values: { A: '1', B: 'x y' }, problems: [] })
})

test('the last assignment wins', () => {
  expect(parseDotenv('A=1\nA=2\n').values).toEqual({ A: '2' })
})

test('what is edited reads as it was set, and every other line stays as it was', () => {
  for (let round = 0; round < ROUNDS; round++) {
    const file = Array.from({ length: random(8) }, plainLine).join('\n') + pick(['', '\n'])
    const value = text('abc XYZ"#$\\=:é🙂\n', 10) + pick(['', "'", '`'])
    const changes = { [pick(['A', 'NEW', 'API_KEYS'])]: value, OTHER: 'x' }
    const edited = editDotenv(file, changes)
    const before = parseDotenv(file).values
    expect(parseDotenv(edited), JSON.stringify({ file, changes })).toEqual({
      values: { ...before, ...changes },
      problems: [],
    })
    const kept = file.split('\n').filter((line) => !Object.keys(changes).some((name) => line.includes(name)))
    const linesAfter = edited.split('\n')
    for (const line of kept) if (line.startsWith('#')) expect(linesAfter).toContain(line)
    expect(editDotenv(edited, changes)).toBe(edited)
  }
})

test('comments, order, quotes and line ends are kept', () => {
  const file = '# mine\r\nB = "two"  \r\n\r\nexport A=1 # one\r\n'
  expect(editDotenv(file, { B: '3 4', C: '' })).toBe("# mine\r\nB='3 4'\r\n\r\nexport A=1 # one\r\nC=\r\n")
})

test('a value with every kind of quote is refused', () => {
  expect(() => editDotenv('', { A: `'"\`` })).toThrow(RangeError)
})
