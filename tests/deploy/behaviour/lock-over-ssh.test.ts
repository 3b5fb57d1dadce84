import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test, vi } from 'vitest'
import { awaitLock, holdLock } from '../../../deploy/remote/lock.ts'
import { sh } from '../../../deploy/remote/sh.ts'
import { connect } from '../../../deploy/server/connect.ts'
import { guardedHost } from '../../../deploy/session/lock/guarded-host.ts'
import { questionsOn } from '../../../deploy/session/prompts.ts'
import { awaitAnswer } from '../../../deploy/steps/edge-answer.ts'
import { isAlive } from '../../helpers/process/programs.ts'
import { testTerminal } from '../../helpers/process/test-terminal.ts'
import { describeWithSshServer } from '../../helpers/server/sshd.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const TOKEN = 'ab'.repeat(16)
const SILENCE_S = 2

describeWithSshServer('the lock, over a real connection', (server) => {
  async function open() {
    const { sshConfig, hostKey } = server()
    const target = { host: 'server', sshConfig, hostKey: hostKey.fingerprint }
    const connection = await connect(target, questionsOn(testTerminal()))
    onTestFinished(() => connection.host.close())
    expect(connection.clientAddress).toBe('127.0.0.1')
    return connection.host
  }

  async function takeLock(folder: string) {
    const host = await open()
    const request = { folder, holder: 'ann', token: TOKEN, silenceS: SILENCE_S, lostLine: '{}', watched: [] }
    const held = await host.start(holdLock(request))
    await once(held.stdout, 'data')
    return { held, host: guardedHost(host, folder, TOKEN), ended: text(held.stdout) }
  }

  test('is free after a silence; what the silent client ran is ended, and it can change nothing afterwards', async () => {
    const folder = tempFolder()
    const { host, ended } = await takeLock(folder)
    const other = await open()
    const running = host.exec(sh('echo $$ > "$1"; exec sleep 60', join(folder, 'pid')))
    await vi.waitFor(() => expect(readFileSync(join(folder, 'pid'), 'utf8')).toMatch(/\n$/))
    const waiting = other.exec(awaitLock(folder, 60))
    expect((await waiting).stdout).toBe(`busy ${TOKEN} ann\nfree\n`)
    expect(isAlive(Number(readFileSync(join(folder, 'pid'), 'utf8')))).toBe(false)
    await ended
    expect((await running).exitCode).not.toBe(0)
    await expect(host.exec(sh('touch "$1"', join(folder, 'changed')))).rejects.toMatchObject({ code: 'LOCK_LOST' })
    expect(existsSync(join(folder, 'changed'))).toBe(false)
  })

  test('is free when the client goes away, and what it ran is ended', async () => {
    const folder = tempFolder()
    const { host } = await takeLock(folder)
    const running = host.exec(sh('echo $$ > "$1"; exec sleep 60', join(folder, 'pid')))
    await vi.waitFor(() => expect(readFileSync(join(folder, 'pid'), 'utf8')).toMatch(/\n$/))
    await host.close()
    await expect(running).rejects.toMatchObject({ code: 'SSH_UNREACHABLE' })
    // A check that polls through the connection ends with it, and not with its own error when its time is over.
    const gateway = { domain: 'llm.example.com', httpPort: 80, httpsPort: 443, apiKey: null }
    const signal = new AbortController().signal
    await expect(awaitAnswer({ host, signal }, gateway, 'x')).rejects.toMatchObject({ code: 'SSH_UNREACHABLE' })
    const other = await open()
    expect((await other.exec(awaitLock(folder, 60))).stdout).toMatch(/free\n$/)
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false))
  })
})
