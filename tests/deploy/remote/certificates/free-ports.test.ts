import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { runLocally } from '../../../../deploy/host/local-host.ts'
import { freePorts, givePortsBack } from '../../../../deploy/remote/certificates/free-ports.ts'
import { testWith } from '../../../helpers/needs.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'

/** Stand-ins for docker and systemctl: each program is a file that says whether it runs. */
function machine() {
  const folder = tempFolder()
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\nS=${folder}\n${text}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  program(
    'docker',
    'case $1 in inspect) cat "$S/state-$4";; start) [ ! -e "$S/stuck" ] && echo true > "$S/state-$2";; stop) cat "$S/freed-ports" > "$S/seen"; echo false > "$S/state-$2";; esac',
  )
  program(
    'systemctl',
    'case $1 in is-active) grep -q true "$S/state-$3";; start) echo true > "$S/state-$2";; stop) echo false > "$S/state-$2";; esac',
  )
  program('systemd-run', 'exit 1')
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  const runs = (name: string) => readFileSync(join(folder, `state-${name}`), 'utf8').trim() === 'true'
  const set = (name: string, isRunning: boolean) => writeFileSync(join(folder, `state-${name}`), `${isRunning}\n`)
  return { folder, runs, set, has: (name: string) => existsSync(join(folder, name)) }
}

const testWithSetsid = testWith('setsid')

testWithSetsid('what runs is written down, stopped and started again; what does not run stays so', async () => {
  const { folder, runs, set, has } = machine()
  for (const [name, isRunning] of [
    ['web', true],
    ['off', false],
    ['nginx', true],
  ] as const)
    set(name, isRunning)
  const programs = ['docker:web', 'docker:off', 'systemd:nginx']
  expect(await runLocally(freePorts(folder, programs, 600))).toMatchObject({ exitCode: 0, stderr: '' })
  expect([runs('web'), runs('nginx')]).toEqual([false, false])
  // Before the first of them was stopped.
  expect(readFileSync(join(folder, 'seen'), 'utf8')).toBe('docker web\nsystemd nginx\n')
  writeFileSync(join(folder, 'stuck'), '')
  const stuck = await runLocally(givePortsBack(folder))
  expect([stuck.exitCode, stuck.stderr, has('freed-ports')]).toEqual([1, 'could not start docker:web\n', true])
  rmSync(join(folder, 'stuck'))
  expect(await runLocally(givePortsBack(folder))).toMatchObject({ exitCode: 0 })
  expect([runs('web'), runs('off'), runs('nginx'), has('freed-ports')]).toEqual([true, false, true, false])
  expect(await runLocally(givePortsBack(folder))).toMatchObject({ exitCode: 0 })
})

testWithSetsid('a run that never comes back is made up for by the server', async () => {
  const { folder, runs, set, has } = machine()
  set('web', true)
  await runLocally(freePorts(folder, ['docker:web'], 1))
  expect(runs('web')).toBe(false)
  for (let left = 100; left > 0 && has('freed-ports'); left--) await delay(100)
  expect([runs('web'), has('freed-ports')]).toEqual([true, false])
})

test('a program that is not there is named, and nothing is stopped', async () => {
  const { folder, runs, set, has } = machine()
  set('web', true)
  const { exitCode, stderr } = await runLocally(freePorts(folder, ['docker:web', 'docker:absent'], 600))
  expect([exitCode, runs('web'), has('freed-ports')]).toEqual([1, true, false])
  expect(stderr).toContain('state-absent')
})
