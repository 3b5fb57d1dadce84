import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Argv } from '../../../deploy/host/argv.ts'
import type { ExecOptions, Host } from '../../../deploy/host/host.ts'
import { sh } from '../../../deploy/remote/sh.ts'
import { tempFolder } from '../temp-folder.ts'

/** What every host does, however its commands get there. */
export function describeHost(open: () => Promise<Host>): void {
  describe('as every host', () => {
    let host: Host
    beforeAll(async () => {
      host = await open()
    })
    afterAll(() => host?.close())
    const run = (argv: Argv, options?: ExecOptions) => host.exec(argv, options)

    test('every argument arrives as it is', async () => {
      const words = ['', ' ', "it's", '"', '$HOME', '`id`', '\\', 'two\nlines', '*', 'é🙂', '--', '-n', ';', '&&']
      const { stdout } = await run(['printf', '%s\\0', ...words])
      expect(stdout.split('\0')).toEqual([...words, ''])
    })

    test('stdout, stderr and the exit code are apart', async () => {
      expect(await run(sh('echo out; echo err >&2; exit 7'))).toEqual({ exitCode: 7, stdout: 'out\n', stderr: 'err\n' })
    })

    test('a program that does not exist, and one that is killed, are results too', async () => {
      expect((await run(['no-such-program'])).exitCode).toBe(127)
      expect((await run(sh('kill -9 $$'))).exitCode).not.toBe(0)
    })

    test('megabytes go in and come out unchanged', async () => {
      const chunks = Array.from({ length: 64 }, (_, n) => Buffer.alloc(128 * 1024, `chunk ${n} of a long text\n`))
      const whole = Buffer.concat(chunks)
      const { stdout } = await run(['cat'], { stdin: Readable.from(chunks) })
      expect(sha256(stdout)).toBe(sha256(whole))
      const summed = await run(['sha256sum'], { stdin: whole })
      expect(summed.stdout).toBe(`${sha256(whole)}  -\n`)
    })

    test('without stdin the command sees its end', async () => {
      expect(await run(['cat'])).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    })

    test('a command may leave its stdin unread', async () => {
      const result = await run(['true'], { stdin: Buffer.alloc(4 * 2 ** 20) })
      expect(result.exitCode).toBe(0)
    })

    test('lines are handed on while the command runs', async () => {
      const seen: string[] = []
      const stdin = new Readable({ read() {} })
      await run(sh('echo "é 1"; read go; printf "2\\r3\\n\\n"; echo err >&2; printf unfinished'), {
        stdin,
        onLine: (line) => {
          // The command continues only when its first line was seen.
          if (seen.push(line) === 1) stdin.push('go\n')
        },
      })
      expect(seen.toSorted()).toEqual(['2', '3', 'err', 'é 1'])
    })

    test('commands run in parallel on one connection', async () => {
      const { channels } = host.counts
      const outputs = await Promise.all([1, 2, 3, 4].map((n) => host.exec(['echo', String(n)])))
      expect(outputs.map(({ stdout }) => stdout)).toEqual(['1\n', '2\n', '3\n', '4\n'])
      expect(host.counts).toEqual({ connections: 1, channels: channels + 4 })
    })

    test('an interrupt ends a command that prints, and the connection stays open', async () => {
      const controller = new AbortController()
      const { signal } = controller
      const ended = join(tempFolder(), 'ended')
      const running = run(sh('trap "" PIPE; while echo running; do sleep 0.05; done; : > "$1"', ended), {
        signal,
        onLine: () => controller.abort(),
      })
      await expect(running).rejects.toThrow('aborted')
      await vi.waitFor(() => expect(existsSync(ended)).toBe(true))
      expect((await run(['echo', 'still here'])).stdout).toBe('still here\n')
      await expect(run(['true'], { signal })).rejects.toThrow('aborted')
    })

    test('an interrupt ends the wait for a command that does not notice it', async () => {
      const controller = new AbortController()
      const mayEnd = join(tempFolder(), 'may-end')
      onTestFinished(() => writeFileSync(mayEnd, ''))
      const running = run(sh('echo started; until [ -e "$1" ]; do sleep 0.05; done', mayEnd), {
        signal: controller.signal,
        onLine: () => controller.abort(),
      })
      await expect(running).rejects.toThrow('aborted')
    })

    test('a stdin that breaks off is a failure, not a short text', async () => {
      const stdin = new Readable({
        read() {
          this.push('the first half')
          this.destroy(new Error('broken'))
        },
      })
      await expect(run(['cat'], { stdin })).rejects.toThrow('broken')
    })

    test('a session runs until it is ended', async () => {
      const session = await host.start(sh('echo begun; cat; echo over'))
      session.write('said\n')
      session.end()
      session.write('too late\n')
      expect(await text(session.stdout)).toBe('begun\nsaid\nover\n')
    })

    test('a port of the server, on its loopback or another address, can be reached through the connection', async () => {
      for (const address of [undefined, '127.0.0.2']) {
        const server = createServer((socket) => socket.on('data', (data) => socket.end(`heard ${data}`)))
        await once(server.listen(0, address ?? '127.0.0.1'), 'listening')
        onTestFinished(() => void server.close())
        const { port } = server.address() as AddressInfo
        const stream = await host.connect(port, address)
        stream.write('hello')
        expect(await text(stream)).toBe('heard hello')
        server.close()
        await once(server, 'close')
        await expect(host.connect(port, address)).rejects.toThrow(/Connection refused|ECONNREFUSED/)
      }
    })
  })
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
