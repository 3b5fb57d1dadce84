import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, vi } from 'vitest'
import type { Argv } from '../../../deploy/host/argv.ts'
import { HUNG } from '../../../deploy/remote/docker.ts'
import { forgetWarm, keepWarm, NOT_READY, NOT_RUNNING, NOT_WARM, takeWarm } from '../../../deploy/remote/warm.ts'
import { testWith } from '../../helpers/needs.ts'
import { pathWith } from '../../helpers/server/programs-first.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const NAME = 'ai-proxy-20261123-101112'
const warmTest = testWith('flock', 'setsid')

/** Its calls are lines of $CALLS; `exec` ends as $CALLS.exec says, and `inspect` prints $CALLS.state. */
const DOCKER = `#!/bin/sh
echo "$*" | cut -c1-60 >> "$CALLS"
case $1 in
  inspect) cat "$CALLS.state" ;;
  exec) exit "$(cat "$CALLS.exec")" ;;
esac
`

function server(route = 'ai-proxy-20261124-000000', { state = 'running', exec = '0' } = {}) {
  const folder = tempFolder({ 'edge/dynamic/app.yml': `url: http://${route}:8123\n` })
  const calls = join(folder, 'calls')
  for (const [name, text] of [['', ''] as const, ['.state', `${state}\n`] as const, ['.exec', exec] as const]) {
    writeFileSync(calls + name, text)
  }
  const env = { PATH: pathWith({ docker: DOCKER, 'systemd-run': '#!/bin/sh\nexit 1\n' }), CALLS: calls }
  const run = async ([file = '', ...args]: Argv) => (await execa(file, args, { env, reject: false })).exitCode
  const release = join(folder, 'warm/release')
  const calledWith = () => readFileSync(calls, 'utf8').trimEnd().split('\n')
  return { folder, run, release, calledWith }
}

const stopped = (calls: string[]) => calls.filter((call) => call.startsWith('stop '))

warmTest('a container is stopped when its time is over, and not started after a reboot', async () => {
  const { folder, run, release, calledWith } = server()
  expect(await run(keepWarm(folder, NAME, 1))).toBe(0)
  expect(calledWith()).toEqual([`update --restart=no ${NAME}`])
  const [name, until] = readFileSync(release, 'utf8').trim().split(' ')
  expect(name).toBe(NAME)
  expect(Math.abs(Number(until) - Date.now() / 1000 - 1)).toBeLessThan(5)
  await vi.waitFor(() => expect(stopped(calledWith())).toEqual([`stop ${NAME}`]), { timeout: 15_000, interval: 50 })
  expect(existsSync(release)).toBe(false)
})

/** Runs what the timer runs, for a container that is warm until then. */
async function fire({ folder, run }: ReturnType<typeof server>, until: string) {
  return run(['sh', join(folder, 'warm/stop.sh'), folder, NAME, until])
}

warmTest('a timer stops nothing that the route names, that was taken back, or that has another timer', async () => {
  const named = server(NAME)
  await named.run(keepWarm(named.folder, NAME, 600))
  const until = readFileSync(named.release, 'utf8').trim().split(' ')[1] ?? ''
  expect(await fire(named, until)).toBe(0)
  const taken = server()
  await taken.run(keepWarm(taken.folder, NAME, 600))
  expect(await taken.run(takeWarm(taken.folder, NAME, 8123))).toBe(0)
  expect(await fire(taken, until)).toBe(0)
  const later = server()
  await later.run(keepWarm(later.folder, NAME, 600))
  expect(await fire(later, '1')).toBe(0)
  expect(existsSync(later.release)).toBe(true)
  for (const { calledWith } of [named, taken, later]) expect(stopped(calledWith())).toEqual([])
})

warmTest('a container that hangs is killed when its time is over', async () => {
  const hung = server(undefined, { exec: String(HUNG) })
  await hung.run(keepWarm(hung.folder, NAME, 600))
  const until = readFileSync(hung.release, 'utf8').trim().split(' ')[1] ?? ''
  expect(await fire(hung, until)).toBe(0)
  expect(hung.calledWith()).toEqual(expect.arrayContaining([`stop ${NAME}`, `kill ${NAME}`]))
})

warmTest('a rollback takes a warm container back, and keeps it across reboots', async () => {
  const { folder, run, release, calledWith } = server()
  await run(keepWarm(folder, NAME, 600))
  expect(await run(takeWarm(folder, NAME, 8123))).toBe(0)
  expect(existsSync(release)).toBe(false)
  expect(calledWith()).toContain(`update --restart=unless-stopped ${NAME}`)
})

warmTest('what is not warm any more, not ready or not running is told apart', async () => {
  const none = server()
  await none.run(keepWarm(none.folder, 'ai-proxy-20261122-101112', 600))
  expect(await none.run(takeWarm(none.folder, NAME, 8123))).toBe(NOT_WARM)
  for (const [state, code] of [
    ['running', NOT_READY],
    ['exited', NOT_RUNNING],
  ] as const) {
    const ill = server(undefined, { state, exec: '1' })
    await ill.run(keepWarm(ill.folder, NAME, 600))
    expect(await ill.run(takeWarm(ill.folder, NAME, 8123))).toBe(code)
  }
})

warmTest('the warm container is forgotten by its name only', async () => {
  const { folder, run, release } = server()
  expect(await run(forgetWarm(folder, NAME))).toBe(0)
  await run(keepWarm(folder, NAME, 600))
  await run(forgetWarm(folder, `${NAME}-2`))
  expect(existsSync(release)).toBe(true)
  await run(forgetWarm(folder, NAME))
  expect(existsSync(release)).toBe(false)
})
