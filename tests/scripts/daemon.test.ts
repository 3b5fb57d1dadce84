import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  type Daemon,
  isDaemonAlive,
  logFile,
  startDaemon,
  stopDaemon,
  waitUntilListening,
} from '../../scripts/rig/machine/daemon.ts'
import { freePort, isListening, LOOPBACK } from '../../scripts/rig/machine/ports.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

function testDaemon(): Daemon {
  const daemon = { folder: tempFolder(), name: 'server' }
  onTestFinished(() => stopDaemon(daemon))
  return daemon
}

const listenOn = (port: number) => [
  process.execPath,
  '-e',
  `console.log(process.pid); require('net').createServer().listen(${port}, '${LOOPBACK}')`,
]

test('a daemon listens, is started only once, and stops', async () => {
  const daemon = testDaemon()
  const port = await freePort()
  startDaemon(daemon, listenOn(port))
  await waitUntilListening(daemon, LOOPBACK, port)
  startDaemon(daemon, listenOn(port))
  expect(isDaemonAlive(daemon)).toBe(true)
  await stopDaemon(daemon)
  expect(isDaemonAlive(daemon)).toBe(false)
  expect(await isListening(LOOPBACK, port)).toBe(false)
  expect(readFileSync(logFile(daemon), 'utf8')).toMatch(/^\d+\n$/)
})

test('a daemon that ends early is an error with the end of its log', async () => {
  const daemon = testDaemon()
  const port = await freePort()
  startDaemon(daemon, ['sh', '-c', 'echo out of memory >&2; exit 1'])
  await expect(waitUntilListening(daemon, LOOPBACK, port)).rejects.toMatchObject({
    code: 'RIG_DAEMON',
    message: `server does not listen on ${LOOPBACK}:${port}:\nout of memory`,
    hint: expect.stringContaining(logFile(daemon)),
  })
})

test('a command that does not exist is the same error', async () => {
  const daemon = testDaemon()
  const port = await freePort()
  startDaemon(daemon, ['no-such-command-of-the-rig'])
  await expect(waitUntilListening(daemon, LOOPBACK, port)).rejects.toMatchObject({
    code: 'RIG_DAEMON',
    message: `server does not listen on ${LOOPBACK}:${port}`,
  })
})

test('another process that got the pid of a daemon is left alone', async () => {
  const daemon = testDaemon()
  const other = { folder: tempFolder(), name: 'other' }
  onTestFinished(() => stopDaemon(other))
  startDaemon(other, ['sleep', '60'])
  const { pid } = JSON.parse(readFileSync(join(other.folder, 'other.pid'), 'utf8'))
  writeFileSync(join(daemon.folder, 'server.pid'), JSON.stringify({ pid, startTicks: '1' }))
  expect(isDaemonAlive(daemon)).toBe(false)
  await stopDaemon(daemon)
  expect(isDaemonAlive(other)).toBe(true)
})
