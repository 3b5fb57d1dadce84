import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Host } from '../../../deploy/host/host.ts'
import { awaitLock, BEAT, holdLock } from '../../../deploy/remote/lock.ts'
import { sh } from '../../../deploy/remote/sh.ts'
import { connect } from '../../../deploy/server/connect.ts'
import { guardedHost } from '../../../deploy/session/lock/guarded-host.ts'
import { questionsOn } from '../../../deploy/session/prompts.ts'
import { awaitAnswer } from '../../../deploy/steps/edge/edge-answer.ts'
import { isAlive } from '../../helpers/process/programs.ts'
import { testTerminal } from '../../helpers/process/test-terminal.ts'
import { describeWithSshServer, type SshServer } from '../../helpers/server/sshd.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const TOKEN = 'ab'.repeat(16)
const SILENCE_S = 2

async function openHost({ sshConfig, hostKey, port }: SshServer, sshCommand?: string) {
  writeFileSync(`${sshConfig}.known_hosts`, `[127.0.0.1]:${port} ${hostKey.type} ${hostKey.base64}\n`)
  const connection = await connect({ host: 'server', sshConfig, sshCommand }, questionsOn(testTerminal()))
  onTestFinished(() => connection.host.close())
  expect(connection.clientAddress).toBe('127.0.0.1')
  return connection.host
}

async function lockOn(host: Host, folder: string) {
  const request = { folder, holder: 'ann', token: TOKEN, silenceS: SILENCE_S, lostLine: '{}', watched: [] }
  const held = await host.start(holdLock(request))
  await once(held.stdout, 'data')
  return { held, host: guardedHost(host, folder, TOKEN), ended: text(held.stdout) }
}

describeWithSshServer('the lock, over a real connection', (server) => {
  const open = () => openHost(server())
  const takeLock = async (folder: string) => lockOn(await open(), folder)

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

const OTHER_CONNECTIONS = [
  { title: 'over the system’s OpenSSH', sshCommand: 'ssh', sshdConfig: '' },
  { title: 'on a server that forwards no ports', sshCommand: undefined, sshdConfig: 'AllowTcpForwarding no' },
]

for (const { title, sshCommand, sshdConfig } of OTHER_CONNECTIONS) {
  describeWithSshServer(
    `the lock, ${title}`,
    (server) => {
      test('is held while signs of life come, next to commands and open ports, and lost without them', async () => {
        const folder = tempFolder()
        const { held, host, ended } = await lockOn(await openHost(server(), sshCommand), folder)
        const beating = setInterval(() => held.write(BEAT), (SILENCE_S * 1000) / 4)
        onTestFinished(() => clearInterval(beating))
        const stream = await host.connect(await echoPort())
        await delay(1.5 * SILENCE_S * 1000)
        expect(await host.exec(sh('head -n 1 "$1/lock"', folder))).toMatchObject({ stdout: `${TOKEN} ann\n` })
        stream.end('still here')
        expect(await text(stream)).toBe('heard still here')
        clearInterval(beating)
        expect(await ended).toBe('')
        await expect(host.exec(['true'])).rejects.toMatchObject({ code: 'LOCK_LOST' })
      })

      test('is free at once when the client goes away', async () => {
        const folder = tempFolder()
        const { host } = await lockOn(await openHost(server(), sshCommand), folder)
        const other = await openHost(server())
        await host.close()
        const startMs = performance.now()
        expect((await other.exec(awaitLock(folder, 60))).stdout).toMatch(/free\n$/)
        expect(performance.now() - startMs).toBeLessThan(SILENCE_S * 1000)
      })
    },
    sshdConfig,
  )
}

/** Port of this machine that answers what it is sent. */
async function echoPort(): Promise<number> {
  const echo = createServer((socket) => socket.on('data', (data) => socket.end(`heard ${data}`)))
  await once(echo.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void echo.close())
  return (echo.address() as AddressInfo).port
}
