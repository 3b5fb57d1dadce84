import { expect, test } from 'vitest'
import { awaitLock, breakLock, holdLock, underLock } from '../../../deploy/remote/lock.ts'
import { expectReadable } from '../../helpers/server/scripts.ts'

test('holdLock', () => {
  const watched = ['/srv/.env', '/srv/edge/dynamic/app.yml']
  const holder = "ann as root, deploy, it's"
  const command = holdLock({ folder: '/srv', holder, token: 'abc', silenceS: 30, lostLine: '{}', watched })
  expectReadable(command)
  expect([...command.slice(0, 2), ...command.slice(3)]).toEqual([
    ...['sh', '-c', 'sh', '/srv', holder, 'abc', '30', '{}'],
    ...watched,
  ])
  const script = command[2] ?? ''
  expect(script).toContain('mkdir -p "$1" && cd "$1" && exec 9>>lock || exit 1')
  expect(script).toContain('echo "held $(watched_digest "$@")"')
})

test('underLock', () => {
  const command = underLock('/srv', 'abc', ['docker', 'build', "it's here"])
  expectReadable(command)
  expect(command.slice(3)).toEqual(['sh', '/srv', 'abc', 'docker', 'build', "it's here"])
})

test('awaitLock and breakLock', () => {
  for (const command of [awaitLock('/srv', 0), breakLock('/srv', 'abc')]) expectReadable(command)
})
