import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { quoteArgv } from '../../../deploy/host/argv.ts'
import { needing } from '../../helpers/needs.ts'
import { findProgram } from '../../helpers/process/programs.ts'
import { seededRandom } from '../../helpers/random.ts'

const SEED = 20261123
const LINES = 60
const WORDS_PER_LINE = 40
const CHARACTERS = ' \t\n\r\'"`$\\!#&|;<>(){}[]*?~=%@+:,./-_^aZ0é🙂\u0001\u007f'

const ALL_SHELLS = ['sh', 'dash', 'bash', 'ash', 'zsh']
const SHELLS = ALL_SHELLS.filter((shell) => findProgram(shell) !== null)

/** A word with letters that no other word has. */
const END = 'END'

/** The words that a shell makes of each of these command lines, which print them. It starts once for all lines. */
function wordsOf(shell: string, lines: string[]): string[][] {
  const script = lines.map((line) => `${line}\nprintf '${END}\\0'\n`).join('')
  const printed = execFileSync(shell, ['-c', script], { maxBuffer: 2 ** 24 }).toString()
  return printed
    .split(`${END}\0`)
    .slice(0, -1)
    .map((words) => words.split('\0').slice(0, -1))
}

for (const shell of ALL_SHELLS) {
  needing(shell, SHELLS.includes(shell))(`${shell} splits a quoted line into exactly the words that went in`, () => {
    const random = seededRandom(SEED)
    const lines = Array.from({ length: LINES }, () =>
      Array.from({ length: WORDS_PER_LINE }, () => random.text(CHARACTERS, 12)),
    )
    const quoted = lines.map((words) => quoteArgv(['printf', '%s\\0', ...words]))
    expect(wordsOf(shell, quoted)).toEqual(lines)
  })
}

test('words that shells like to read in their own way come through', () => {
  const words = [
    '',
    "'",
    "''",
    "it's",
    '$HOME',
    '$(id)',
    '`id`',
    '\\',
    '\\\\n',
    '~',
    '-n',
    '--',
    '!!',
    '*',
    '{a,b}',
    '#x',
    '=ls',
  ]
  for (const shell of SHELLS) expect(wordsOf(shell, [quoteArgv(['printf', '%s\\0', ...words])]), shell).toEqual([words])
})

test('plain words stay readable', () => {
  expect(quoteArgv(['docker', 'ps', '--filter=a@b', '/x/y.z', 'a b', ''])).toBe(
    "docker ps --filter=a@b /x/y.z 'a b' ''",
  )
})
