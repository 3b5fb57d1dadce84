import { expect, test } from 'vitest'
import { loadEnvironment } from '../../../kit/settings/environment.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

test('the real environment beats .env, except where its value is empty', () => {
  const cwd = tempFolder({ '.env': 'A=file\nB=file\nC=file\n' })
  expect(loadEnvironment({ cwd, env: { A: 'real', B: '', D: 'real' }, dotenv: true })).toEqual({
    A: 'real',
    B: 'file',
    C: 'file',
    D: 'real',
  })
  expect(loadEnvironment({ cwd, env: { A: 'real' }, dotenv: false })).toEqual({ A: 'real' })
})

test('a wrong line is named with its number, and a missing .env is accepted', () => {
  const cwd = tempFolder({ '.env': 'A=1\nnonsense\n' })
  expect(() => loadEnvironment({ cwd, env: {}, dotenv: true })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', exitCode: 2, message: expect.stringMatching(/^\.env line 2: /) }),
  )
  expect(loadEnvironment({ cwd: tempFolder(), env: {}, dotenv: true })).toEqual({})
})

test('values are checked only where a check is given', () => {
  const cwd = tempFolder({ '.env': 'PORT=x\n' })
  const problemsIn = (values: Readonly<Record<string, string | undefined>>) =>
    values['PORT'] === 'x' ? ['PORT: found "x", allowed: a port'] : []
  expect(loadEnvironment({ cwd, env: {}, dotenv: true })).toEqual({ PORT: 'x' })
  expect(() => loadEnvironment({ cwd, env: {}, dotenv: true, problemsIn })).toThrow('.env PORT: found "x"')
  expect(() => loadEnvironment({ cwd, env: { PORT: 'x' }, dotenv: false, problemsIn })).toThrow(/^PORT: found "x"/)
})
