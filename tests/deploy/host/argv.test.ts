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

/** The words that a shell makes of a command line. */
function wordsOf(shell: string, line: string): string[] {
  const printed = execFileSync(shell, ['-c', line], { maxBuffer: 2 ** 24 }).toString()
  return printed.split('\0').slice(0, -1)
}

for (const shell of ALL_SHELLS) {
  needing(shell, SHELLS.includes(shell))(`${shell} splits a quoted line into exactly the words that went in`, () => {
    const random = seededRandom(SEED)
    for (let line = 0; line < LINES; line++) {
      const words = Array.from({ length: WORDS_PER_LINE }, () => random.text(CHARACTERS, 12))
      expect(wordsOf(shell, quoteArgv(['printf', '%s\\0', ...words]))).toEqual(words)
    }
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
  for (const shell of SHELLS) expect(wordsOf(shell, quoteArgv(['printf', '%s\\0', ...words])), shell).toEqual(words)
})

test('plain words stay readable', () => {
  expect(quoteArgv(['docker', 'ps', '--filter=a@b', '/x/y.z', 'a b', ''])).toBe(
    "docker ps --filter=a@b /x/y.z 'a b' ''",
  )
})
