import { expect, test } from 'vitest'
import { run } from '../../../deploy/host/host.ts'
import { LocalHost } from '../../../deploy/host/local-host.ts'
import { sh } from '../../../deploy/remote/sh.ts'

const host = new LocalHost({ kind: 'root' })

test('a command that must succeed returns what it printed', async () => {
  expect(await run(host, 'say it', ['echo', 'hello'])).toBe('hello\n')
})

test('one that fails says what could not be done, and its last lines', async () => {
  const failure = (script: string) => run(host, 'write it', sh(script)).catch((error: unknown) => error)
  expect(await failure('seq 1 9 >&2; echo out; exit 1')).toMatchObject({
    code: 'COMMAND_FAILED',
    exitCode: 30,
    message: 'cannot write it: 5\n6\n7\n8\n9',
  })
  expect(await failure('echo from stdout; exit 1')).toMatchObject({ message: 'cannot write it: from stdout' })
  expect(await failure('exit 9')).toMatchObject({ message: 'cannot write it: exit code 9' })
})
