import { expect, test } from 'vitest'
import { printFailure, printJson, printSuccess } from '../../../kit/cli/json-envelope.ts'
import { testTerminal } from '../../helpers/process/test-terminal.ts'

test('a success is one line with ok, verb, result and warnings', () => {
  const terminal = testTerminal()
  printSuccess(terminal, { verb: 'stats', result: { requests: 1 } })
  printSuccess(terminal, { verb: 'forget', isDryRun: true, result: [], warnings: ['careful'] })
  expect(terminal.stdout).toBe(
    '{"ok":true,"verb":"stats","result":{"requests":1},"warnings":[]}\n' +
      '{"ok":true,"verb":"forget","dry_run":true,"result":[],"warnings":["careful"]}\n',
  )
})

test('a failure is one line with ok, verb and error, and with the result that stands', () => {
  const terminal = testTerminal()
  const error = { code: 'LOCKED', message: 'busy', hint: 'wait', exitCode: 20 }
  printFailure(terminal, { verb: 'deploy', error })
  printFailure(terminal, { verb: 'deploy', error, result: { api_key: 'k' } })
  expect(terminal.stdout).toBe(
    '{"ok":false,"verb":"deploy","error":{"code":"LOCKED","message":"busy","hint":"wait"}}\n' +
      '{"ok":false,"verb":"deploy","error":{"code":"LOCKED","message":"busy","hint":"wait"},"result":{"api_key":"k"}}\n',
  )
})

test('characters that a terminal may obey are escaped, and the value stays the same', () => {
  const terminal = testTerminal()
  const value = { text: '\u001b[31m \u009b \u202e \u2066 é 🙂' }
  printJson(terminal, value)
  for (const control of ['\u001b', '\u009b', '\u202e', '\u2066']) expect(terminal.stdout).not.toContain(control)
  expect(JSON.parse(terminal.stdout)).toEqual(value)
})
