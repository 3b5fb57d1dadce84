import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { LocalHost, runLocally } from '../../../deploy/host/local-host.ts'
import { sh } from '../../../deploy/remote/sh.ts'

const host = new LocalHost({ kind: 'root' })

test('every argument arrives as it is, and stdout, stderr and the exit code are apart', async () => {
  const words = ['', "it's", '$HOME', '\\', 'two\nlines', 'é🙂', '--']
  const { stdout } = await host.exec(['printf', '%s\\0', ...words])
  expect(stdout.split('\0')).toEqual([...words, ''])
  expect(await host.exec(sh('echo out; echo err >&2; exit 7'))).toEqual({
    exitCode: 7,
    stdout: 'out\n',
    stderr: 'err\n',
  })
})

test('a program that is killed, or does not exist, is a result too', async () => {
  expect((await host.exec(sh('kill -9 $$'))).exitCode).not.toBe(0)
  expect((await host.exec(['no-such-program'])).exitCode).not.toBe(0)
})

test('stdin may be nothing, a text, a buffer or a stream of megabytes', async () => {
  const chunks = Array.from({ length: 64 }, (_, n) => Buffer.alloc(128 * 1024, `chunk ${n}\n`))
  expect((await host.exec(['cat'])).stdout).toBe('')
  expect((await host.exec(['cat'], { stdin: 'text\n\n' })).stdout).toBe('text\n\n')
  expect((await host.exec(['wc', '-c'], { stdin: Buffer.concat(chunks) })).stdout.trim()).toBe(String(2 ** 23))
  const { stdout } = await host.exec(['cat'], { stdin: Readable.from(chunks) })
  expect(stdout === Buffer.concat(chunks).toString()).toBe(true)
  expect((await host.exec(['true'], { stdin: Buffer.alloc(2 ** 22) })).exitCode).toBe(0)
})

test('a stdin that breaks off is a failure, not a wait without end', async () => {
  const stdin = new Readable({
    read() {
      this.push('the first half')
      this.destroy(new Error('broken'))
    },
  })
  expect((await host.exec(['cat'], { stdin })).exitCode).not.toBe(0)
})

test('lines are handed on while the command runs, without those that are empty or unfinished', async () => {
  const seen: string[] = []
  const stdin = new Readable({ read() {} })
  await host.exec(sh('echo "é 1"; read go; printf "2\\r3\\n\\n"; echo err >&2; printf unfinished'), {
    stdin,
    onLine: (line) => {
      // The command continues only when its first line was seen.
      if (seen.push(line) === 1) stdin.push('go\n')
    },
  })
  expect(seen.toSorted()).toEqual(['2', '3', 'err', 'é 1'])
})

test('an interrupt ends the command', async () => {
  const controller = new AbortController()
  const running = host.exec(sh('echo started; exec sleep 60'), {
    signal: controller.signal,
    onLine: () => controller.abort(),
  })
  await expect(running).rejects.toThrow('aborted')
  await expect(host.exec(['true'], { signal: controller.signal })).rejects.toThrow('aborted')
})

test('a session runs until it is ended', async () => {
  const session = await host.start(sh('echo begun; cat; echo over'))
  session.end()
  expect(await text(session.stdout)).toBe('begun\nover\n')
})

test('a port of the loopback can be reached', async () => {
  const server = createServer((socket) => socket.on('data', (data) => socket.end(`heard ${data}`)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const stream = await host.connect(port)
  stream.write('hello')
  expect(await text(stream)).toBe('heard hello')
  server.close()
  await once(server, 'close')
  await expect(host.connect(port)).rejects.toThrow('ECONNREFUSED')
})

test('a program of this machine that cannot be started is an error', async () => {
  await expect(runLocally(['no-such-program'])).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await runLocally(['sh', '-c', 'echo a; exit 3'])).toEqual({ exitCode: 3, stdout: 'a\n', stderr: '' })
})
