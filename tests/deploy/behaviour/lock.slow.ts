import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, vi } from 'vitest'
import { LocalHost } from '../../../deploy/host/local-host.ts'
import { awaitLock, breakLock, holdLock, outliving, underLock } from '../../../deploy/remote/lock.ts'
import { sh } from '../../../deploy/remote/sh.ts'
import { guardedHost } from '../../../deploy/session/lock/guarded-host.ts'
import { testWith } from '../../helpers/needs.ts'
import { isAlive } from '../../helpers/process/programs.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const host = new LocalHost({ kind: 'root' })
const lockTest = testWith('flock', 'setsid')

const TOKEN = 'ab'.repeat(16)
const OTHER = 'cd'.repeat(16)
const LOST = { code: 'LOCK_LOST', exitCode: 20 }

/** Takes the lock, and keeps it as long as beats are sent. */
async function take(folder: string, token: string, silenceS = 30) {
  const lostLine = '{"result":"LOCK_LOST"}'
  const held = await host.start(holdLock({ folder, holder: 'ann, deploy', token, silenceS, lostLine, watched: [] }))
  const [line] = await once(held.stdout, 'data')
  return { held, line: String(line), host: guardedHost(host, folder, token), ended: text(held.stdout) }
}

const pidIn = (path: string) => Number(readFileSync(path, 'utf8'))
const untilThere = (path: string) => vi.waitFor(() => expect(readFileSync(path, 'utf8')).toMatch(/\n$/))

lockTest('a command under the lock has its stdin, output, exit code and arguments', async () => {
  const { held, host: guarded } = await take(tempFolder(), TOKEN)
  const chunks = Array.from({ length: 64 }, () => Buffer.alloc(64 * 1024, 'x'))
  expect((await guarded.exec(['wc', '-c'], { stdin: Readable.from(chunks) })).stdout.trim()).toBe(String(2 ** 22))
  const lines: string[] = []
  const command = sh('echo "$1"; echo err >&2; exit 7', "it's")
  expect(await guarded.exec(command, { onLine: (line) => lines.push(line) })).toEqual({
    exitCode: 7,
    stdout: "it's\n",
    stderr: 'err\n',
  })
  expect(lines.toSorted()).toEqual(['err', "it's"])
  expect((await guarded.exec(['no-such-program'])).exitCode).toBe(127)
  expect((await guarded.exec(sh('exit 75'))).exitCode).toBe(75)
  expect(await text((await guarded.start(['echo', 'started'])).stdout)).toBe('started\n')
  held.end()
})

lockTest('after the silence of its holder what it runs is ended, its token is void and the lock is free', async () => {
  const folder = tempFolder()
  const { held, host: guarded, ended } = await take(folder, TOKEN, 1)
  const stubborn = guarded.exec(sh(`trap '' TERM; echo $$ > "$1"; sleep 60; sleep 60`, join(folder, 'pid')))
  await untilThere(join(folder, 'pid'))
  expect((await host.exec(awaitLock(folder, 0))).stdout).toBe(`busy ${TOKEN} ann, deploy\n`)
  await ended
  expect((await stubborn).exitCode).not.toBe(0)
  expect(isAlive(pidIn(join(folder, 'pid')))).toBe(false)
  await expect(guarded.exec(['touch', join(folder, 'changed')])).rejects.toMatchObject(LOST)
  expect(existsSync(join(folder, 'changed'))).toBe(false)
  expect(readFileSync(join(folder, 'audit.jsonl'), 'utf8')).toBe('{"result":"LOCK_LOST"}\n')
  expect((await host.exec(awaitLock(folder, 0))).stdout).toBe('free\n')
  held.end()
})

lockTest('a sign of life keeps it, and a goodbye leaves no line in the audit', async () => {
  const folder = tempFolder()
  const { held, host: guarded, ended } = await take(folder, TOKEN, 1)
  for (let i = 0; i < 15; i++) {
    held.write('.')
    expect((await guarded.exec(['sleep', '0.1'])).exitCode).toBe(0)
  }
  held.write('q')
  await ended
  expect(existsSync(join(folder, 'audit.jsonl'))).toBe(false)
  await expect(guarded.exec(['true'])).rejects.toMatchObject(LOST)
})

/** The process in the file still runs when the lock has ended, and is ended now. */
async function expectOutlived(lock: Pick<Awaited<ReturnType<typeof take>>, 'held' | 'ended'>, pidFile: string) {
  lock.held.end()
  await lock.ended
  const pid = pidIn(pidFile)
  expect(isAlive(pid)).toBe(true)
  process.kill(pid)
}

lockTest('what the holder has left to itself outlives the lock', async () => {
  const folder = tempFolder()
  const { held, host: guarded, ended } = await take(folder, TOKEN)
  const detached = sh(
    `setsid sh -c 'echo $$ > "$1"; exec sleep 60' sh "$1" >/dev/null 2>&1 </dev/null 8>&- &`,
    join(folder, 'pid'),
  )
  expect((await guarded.exec(detached)).exitCode).toBe(0)
  await untilThere(join(folder, 'pid'))
  await expectOutlived({ held, ended }, join(folder, 'pid'))
})

lockTest('a command that must not be cut off outlives the lock', async () => {
  const folder = tempFolder()
  const { held, host: guarded, ended } = await take(folder, TOKEN)
  const running = guarded.exec(outliving(sh('echo $$ > "$1"; exec sleep 60', join(folder, 'pid'))))
  await untilThere(join(folder, 'pid'))
  await expectOutlived({ held, ended }, join(folder, 'pid'))
  expect((await running).exitCode).not.toBe(0)
})

lockTest('a holder that was killed leaves a lock that the next one takes, and ends what still runs', async () => {
  const folder = tempFolder()
  const first = await take(folder, TOKEN)
  const running = first.host.exec(sh('echo $$ > "$1"; exec sleep 60', join(folder, 'pid')))
  await untilThere(join(folder, 'pid'))
  await host.exec(
    sh(
      'for fd in /proc/[0-9]*/fd/9; do [ "$fd" -ef "$1" ] && pid=${fd#/proc/} && kill -9 "${pid%%/*}"; done',
      join(folder, 'lock'),
    ),
  )
  await first.ended
  expect(isAlive(pidIn(join(folder, 'pid')))).toBe(true)
  const second = await take(folder, OTHER)
  expect(second.line).toMatch(/^held /)
  expect((await running).exitCode).not.toBe(0)
  await expect(first.host.exec(['true'])).rejects.toMatchObject(LOST)
  expect((await second.host.exec(['true'])).exitCode).toBe(0)
  second.held.end()
})

lockTest('breakLock ends what the holder runs and frees the lock, but only of the holder that is meant', async () => {
  const folder = tempFolder()
  const { host: guarded, ended } = await take(folder, TOKEN)
  const running = guarded.exec(sh('echo $$ > "$1"; exec sleep 60', join(folder, 'pid')))
  await untilThere(join(folder, 'pid'))
  const broken = async (token: string) => (await host.exec(breakLock(folder, token), { stdin: 'line\n' })).stdout
  expect(await broken(OTHER)).toBe('changed\n')
  expect(await broken(TOKEN)).toBe('freed\n')
  expect((await running).exitCode).not.toBe(0)
  await ended
  await expect(guarded.exec(['true'])).rejects.toMatchObject(LOST)
  expect(readFileSync(join(folder, 'audit.jsonl'), 'utf8')).toBe('line\n')
  expect(await broken(TOKEN)).toBe('free\n')
  expect((await host.exec(breakLock(join(folder, 'none'), TOKEN))).stdout).toBe('free\n')
})

lockTest('awaitLock waits, and does not take the lock', async () => {
  const folder = tempFolder()
  expect((await host.exec(awaitLock(folder, 1))).stdout).toBe('free\n')
  const { held } = await take(folder, TOKEN)
  expect((await host.exec(awaitLock(folder, 1))).stdout).toBe(`busy ${TOKEN} ann, deploy\n`)
  const waiting = await host.exec(awaitLock(folder, 60), { onLine: () => held.end() })
  expect(waiting.stdout).toBe(`busy ${TOKEN} ann, deploy\nfree\n`)
})

lockTest('a folder that is gone has no other holder, and one that was made again has', async () => {
  const folder = tempFolder()
  const { held } = await take(folder, TOKEN)
  for (const name of ['lock', 'running']) rmSync(join(folder, name))
  expect((await host.exec(underLock(folder, TOKEN, ['true']))).exitCode).toBe(0)
  writeFileSync(join(folder, 'running'), '')
  writeFileSync(join(folder, 'lock'), `${OTHER} bob\n`)
  expect((await host.exec(underLock(folder, TOKEN, ['true']))).exitCode).toBe(75)
  held.end()
})
