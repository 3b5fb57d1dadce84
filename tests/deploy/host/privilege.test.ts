import { expect, test } from 'vitest'
import { asRoot } from '../../../deploy/host/privilege.ts'

test('root needs nothing, sudo must not ask, and a password goes to its stdin, never to its arguments', () => {
  expect(asRoot(['id', '-u'], { kind: 'root' })).toEqual({ argv: ['id', '-u'], stdinPrefix: '' })
  expect(asRoot(['id', '-u'], { kind: 'sudo' })).toEqual({ argv: ['sudo', '-n', '--', 'id', '-u'], stdinPrefix: '' })
  expect(asRoot(['id', '-u'], { kind: 'sudo-password', password: 'pass word' })).toEqual({
    argv: ['sudo', '-k', '-S', '-p', '', '--', 'id', '-u'],
    stdinPrefix: 'pass word\n',
  })
})
