import { Command } from 'commander'
import { createColors } from 'picocolors'
import { expect, test } from 'vitest'
import { isHelpShown, toUserError } from '../../../kit/cli/command-errors.ts'
import { COMMON_ERRORS, errorMaker } from '../../../kit/cli/errors.ts'
import { renderError } from '../../../kit/cli/render-error.ts'
import { UserError } from '../../../kit/user-error.ts'

const PLAIN = createColors(false)
const makeError = errorMaker({ ...COMMON_ERRORS, LOCKED: { exitCode: 20, meaning: 'another one is running' } })

test('an error is a sentence, a hint, its code and its exit code', () => {
  const error = makeError('LOCKED', 'another deploy is running', 'wait for it, then run again')
  expect(renderError(error, PLAIN)).toBe(
    '✖ Another deploy is running.\nHint: wait for it, then run again. (LOCKED, exit code 20)\n',
  )
})

test('a list, a question and a full stop stay as they are, and control characters do not reach the terminal', () => {
  expect(renderError(makeError('USAGE', 'which server?', 'name it'), PLAIN)).toMatch(/^✖ Which server\?\n/)
  expect(renderError(makeError('USAGE', 'a: wrong\nb: wrong', 'correct them.'), PLAIN)).toBe(
    '✖ A: wrong\nb: wrong\nHint: correct them. (USAGE, exit code 2)\n',
  )
  expect(renderError(makeError('USAGE', 'red \u001b[31m', 'x'), PLAIN)).not.toContain('\u001b')
})

test('whatever ends a command becomes an error with a next step', () => {
  const program = new Command('tool').exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} })
  program
    .command('build')
    .requiredOption('--to <folder>')
    .action(() => {})
  const caught = (args: string[]): unknown => {
    try {
      program.parse(args, { from: 'user' })
    } catch (error) {
      return error
    }
    return undefined
  }
  expect(toUserError(caught(['build']), 'tool', 'build')).toMatchObject({
    code: 'USAGE',
    exitCode: 2,
    message: "required option '--to <folder>' not specified",
    hint: 'see tool build --help',
  })
  expect(toUserError(new Error('boom'), 'tool', '')).toMatchObject({
    code: 'BUG',
    exitCode: 1,
    message: expect.stringMatching(/^this is a bug of tool: Error: boom\n/),
  })
  const known = new UserError('LOCKED', 'busy', { hint: 'wait' })
  expect(toUserError(known, 'tool', '')).toBe(known)
  expect(isHelpShown(caught(['--help']))).toBe(true)
  expect(isHelpShown(caught(['build']))).toBe(false)
})
