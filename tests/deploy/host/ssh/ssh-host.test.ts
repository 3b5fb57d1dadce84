import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Argv } from '../../../../deploy/host/argv.ts'
import type { ExecOptions } from '../../../../deploy/host/host.ts'
import type { SshQuestions } from '../../../../deploy/host/ssh/questions.ts'
import { SshHost } from '../../../../deploy/host/ssh/ssh-host.ts'
import { resolveSshOptions } from '../../../../deploy/host/ssh/ssh-options.ts'
import { sh } from '../../../../deploy/remote/sh.ts'
import { describeNeeding } from '../../../helpers/needs.ts'
import { makeKey, SSHD, type Sshd, startAgent, startSshd } from '../../../helpers/server/sshd.ts'
import { sharedTempFolder } from '../../../helpers/temp-folder.ts'

/** Longer than a command of a few words takes. */
const BUSY_MS = 150

describeNeeding('sshd', SSHD !== null)('SshHost, with a real sshd', () => {
  const folder = sharedTempFolder()
  let sshd: Sshd
  let key: string

  beforeAll(async () => {
    sshd = await startSshd(folder)
    key = makeKey(folder, 'key')
    sshd.authorize(`${key}.pub`)
  })
  afterAll(() => sshd?.close())

  const noQuestions: SshQuestions = {
    acceptHostKey: async () => false,
    passphrase: async () => null,
  }

  interface Way {
    /** Lines of the host's ssh configuration, in addition to its address. */
    config?: string
    knownHosts?: string
    questions?: Partial<SshQuestions>
    hostKey?: string
    agentSocket?: string
    port?: number
  }

  const known = () => `[127.0.0.1]:${sshd.port} ${sshd.hostKey.type} ${sshd.hostKey.base64}\n`

  /** The configuration of a user, in a separate folder. */
  function configure({ config = `IdentityFile ${key}`, knownHosts = known(), port = sshd.port }: Way) {
    const home = mkdtempSync(join(folder, 'home-'))
    const knownHostsFile = join(home, 'known_hosts')
    if (knownHosts !== '') writeFileSync(knownHostsFile, knownHosts)
    const configFile = join(home, 'config')
    writeFileSync(
      configFile,
      `Host server jump
HostName 127.0.0.1
Port ${port}
User ${sshd.user}
UserKnownHostsFile ${knownHostsFile}
GlobalKnownHostsFile /dev/null
IdentitiesOnly yes
Host server
${config}
`,
    )
    return { configFile, knownHostsFile }
  }

  async function open(way: Way = {}) {
    const { configFile, knownHostsFile } = configure(way)
    const host = await connectTo(configFile, way)
    onTestFinished(() => host.close())
    return { host, knownHostsFile }
  }

  async function connectTo(configFile: string, { agentSocket, questions, hostKey }: Way = {}) {
    const options = await resolveSshOptions({ host: 'server', configFile, agentSocket })
    return SshHost.open('server', options, { ...noQuestions, ...questions }, hostKey)
  }

  describe('exec', () => {
    let shared: SshHost
    beforeAll(async () => {
      shared = await connectTo(configure({}).configFile)
    })
    afterAll(() => shared?.close())
    const run = (argv: Argv, options?: ExecOptions) => shared.exec(argv, options)

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

    test('an answer that arrives all at once is read whole', async () => {
      let isOver = false
      const running = run(sh('echo out; echo err >&2; exit 7')).finally(() => {
        isOver = true
      })
      // While this thread is busy, everything that sshd sends waits.
      while (!isOver) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS)
        await setImmediate()
      }
      expect(await running).toEqual({ exitCode: 7, stdout: 'out\n', stderr: 'err\n' })
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
      const before = sshd.connections()
      const { host } = await open()
      const outputs = await Promise.all([1, 2, 3, 4].map((n) => host.exec(['echo', String(n)])))
      expect(outputs.map(({ stdout }) => stdout)).toEqual(['1\n', '2\n', '3\n', '4\n'])
      expect(host.counts).toEqual({ connections: 1, channels: 4 })
      expect(sshd.connections() - before).toBe(1)
    })

    test('an interrupt ends a command that prints, and the connection stays open', async () => {
      const controller = new AbortController()
      const { signal } = controller
      const ended = join(mkdtempSync(join(folder, 'interrupted-')), 'ended')
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
      const mayEnd = join(mkdtempSync(join(folder, 'interrupted-')), 'may-end')
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
  })

  test('a session runs until it is ended', async () => {
    const { host } = await open()
    const session = await host.start(sh('echo begun; cat; echo over'))
    session.end()
    expect(await text(session.stdout)).toBe('begun\nover\n')
  })

  test('a port of the server’s loopback can be reached through the connection', async () => {
    const server = createServer((socket) => socket.on('data', (data) => socket.end(`heard ${data}`)))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void server.close())
    const { host } = await open()
    const { port } = server.address() as AddressInfo
    const stream = await host.connect(port)
    stream.write('hello')
    expect(await text(stream)).toBe('heard hello')
    expect(host.counts).toEqual({ connections: 1, channels: 1 })
    server.close()
    await once(server, 'close')
    await expect(host.connect(port)).rejects.toThrow('Connection refused')
  })

  test('the address that was dialled is known', async () => {
    const { host } = await open()
    expect({ name: host.name, address: host.address }).toEqual({ name: 'server', address: '127.0.0.1' })
  })

  describe('a lost connection', () => {
    const lost = {
      code: 'SSH_UNREACHABLE',
      exitCode: 10,
      message: 'the connection to server was lost while it ran sh',
      hint: 'run the same command again: it checks the server and continues from what is there',
    }

    test('ends a running command with SSH_UNREACHABLE, and every later one', async () => {
      const { host } = await open()
      const running = host.exec(sh('echo started; sleep 60'), { onLine: () => sshd.killConnections() })
      await expect(running).rejects.toMatchObject(lost)
      await expect(host.exec(sh('true'))).rejects.toMatchObject(lost)
      await expect(host.start(sh('cat'))).rejects.toMatchObject(lost)
      await expect(host.connect(1)).rejects.toMatchObject({
        ...lost,
        message: 'the connection to server was lost while it opened a connection to its own port',
      })
    })

    test('ends the output of a session', async () => {
      const { host } = await open()
      const session = await host.start(sh('echo begun; cat'))
      session.stdout.once('data', () => sshd.killConnections())
      expect(await text(session.stdout)).toBe('begun\n')
    })

    test('ends a command that is being sent megabytes', async () => {
      const { host } = await open()
      const running = host.exec(sh('head -c 1 >/dev/null; echo started; sleep 60'), {
        stdin: Buffer.alloc(2 ** 23),
        onLine: () => sshd.killConnections(),
      })
      await expect(running).rejects.toMatchObject(lost)
    })
  })

  describe('the host key', () => {
    const otherKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIyUAGWGICLQFEEGkTIjvZzmpTBAB2HWs6FwFVF2Mvtk'

    test('is asked for when it is unknown, and recorded when it is accepted', async () => {
      const asked = vi.fn(async () => true)
      const { host, knownHostsFile } = await open({ knownHosts: '', questions: { acceptHostKey: asked } })
      expect(asked.mock.calls).toEqual([[`[127.0.0.1]:${sshd.port}`, 'ssh-ed25519', sshd.hostKey.fingerprint]])
      expect(readFileSync(knownHostsFile, 'utf8')).toBe(known())
      expect((await host.exec(['true'])).exitCode).toBe(0)
    })

    test('is refused when nobody accepts it, and nothing is recorded', async () => {
      await expect(open({ knownHosts: '# empty\n' })).rejects.toMatchObject({
        code: 'HOST_KEY_UNKNOWN',
        exitCode: 11,
        message: `the host key of [127.0.0.1]:${sshd.port} is not known yet (ssh-ed25519 ${sshd.hostKey.fingerprint})`,
        hint: `compare it with the server's own and run again with: --host-key ${sshd.hostKey.fingerprint}`,
      })
    })

    test('is accepted unseen with --host-key, if that is the one', async () => {
      const { knownHostsFile } = await open({ knownHosts: '', hostKey: sshd.hostKey.fingerprint })
      expect(readFileSync(knownHostsFile, 'utf8')).toBe(known())
      const wrong = 'SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
      await expect(open({ knownHosts: '', hostKey: wrong })).rejects.toMatchObject({ code: 'HOST_KEY_UNKNOWN' })
    })

    test('is never accepted when it is not the recorded one, whatever is said', async () => {
      const way = {
        knownHosts: `[127.0.0.1]:${sshd.port} ${otherKey}\n`,
        config: `IdentityFile ${key}\nStrictHostKeyChecking no`,
        questions: { acceptHostKey: async () => true },
        hostKey: sshd.hostKey.fingerprint,
      }
      await expect(open(way)).rejects.toMatchObject({
        code: 'HOST_KEY_CHANGED',
        exitCode: 11,
        message: expect.stringContaining(`it shows ssh-ed25519 ${sshd.hostKey.fingerprint}`),
        hint: expect.stringMatching(/^if you know why, .* ssh-keygen -R \[127\.0\.0\.1\]:\d+ -f .*known_hosts$/),
      })
    })

    test('follows StrictHostKeyChecking', async () => {
      const asked = vi.fn(async () => true)
      const way = (value: string) => ({
        knownHosts: '',
        config: `IdentityFile ${key}\nStrictHostKeyChecking ${value}`,
        questions: { acceptHostKey: asked },
      })
      await open(way('accept-new'))
      await expect(open(way('yes'))).rejects.toMatchObject({ code: 'HOST_KEY_UNKNOWN' })
      expect(asked).not.toHaveBeenCalled()
    })

    test('is looked for under HostKeyAlias', async () => {
      const { host } = await open({
        config: `IdentityFile ${key}\nHostKeyAlias the-server`,
        knownHosts: `the-server ${sshd.hostKey.type} ${sshd.hostKey.base64}\n`,
      })
      expect((await host.exec(['true'])).exitCode).toBe(0)
    })
  })

  describe('the user’s key', () => {
    test('must be one that the server accepts', async () => {
      const stranger = makeKey(mkdtempSync(join(folder, 'keys-')), 'stranger')
      await expect(open({ config: `IdentityFile ${stranger}` })).rejects.toMatchObject({
        code: 'SSH_AUTH',
        exitCode: 10,
        message: `the server does not let ${sshd.user}@127.0.0.1:${sshd.port} in with any key tried: ${stranger}`,
        hint: 'copy your key there with: ssh-copy-id server (or name another one with --identity)',
      })
      await expect(open({ config: 'IdentityFile /nowhere' })).rejects.toMatchObject({
        code: 'SSH_AUTH',
        message: expect.stringMatching(/key tried: there was none$/),
      })
    })

    test('may need a passphrase, which is asked for only when no other key helps', async () => {
      const locked = makeKey(mkdtempSync(join(folder, 'keys-')), 'locked', 'open sesame')
      sshd.authorize(`${locked}.pub`)
      const asked = vi.fn(async (_path: string) => 'open sesame')
      const questions = { passphrase: asked }
      const { host } = await open({ config: `IdentityFile ${locked}`, questions })
      expect((await host.exec(['true'])).exitCode).toBe(0)
      expect(asked.mock.calls).toEqual([[locked]])
      await open({ config: `IdentityFile ${locked}\nIdentityFile ${key}`, questions })
      expect(asked).toHaveBeenCalledTimes(1)
      for (const passphrase of ['wrong', null]) {
        const answers = { passphrase: async () => passphrase }
        await expect(open({ config: `IdentityFile ${locked}`, questions: answers })).rejects.toMatchObject({
          code: 'SSH_AUTH',
        })
      }
    })

    test('may be in an agent', async () => {
      const keys = mkdtempSync(join(folder, 'keys-'))
      const held = makeKey(keys, 'held')
      sshd.authorize(`${held}.pub`)
      const agent = await startAgent(keys, [held])
      onTestFinished(agent.close)
      for (const only of ['no', 'yes']) {
        const config = `IdentityFile /nowhere\nIdentitiesOnly ${only}`
        const { host } = await open({ config, agentSocket: agent.socket })
        expect((await host.exec(['true'])).exitCode).toBe(0)
      }
      const config = 'IdentityFile /nowhere\nIdentityAgent none'
      await expect(open({ config, agentSocket: agent.socket })).rejects.toMatchObject({ code: 'SSH_AUTH' })
    })
  })

  describe('another host in between', () => {
    test('is found by its alias', async () => {
      const before = sshd.connections()
      const { host } = await open({ config: `IdentityFile ${key}\nProxyJump jump\nHost jump\nIdentityFile ${key}` })
      expect((await host.exec(['echo', 'through'])).stdout).toBe('through\n')
      expect(host.address).toBeNull()
      expect(sshd.connections() - before).toBe(2)
    })

    test('may be written with user and port', async () => {
      const jump = `${sshd.user}@jump:${sshd.port}`
      const { host } = await open({ config: `IdentityFile ${key}\nProxyJump ${jump}\nHost jump\nIdentityFile ${key}` })
      expect((await host.exec(['echo', 'through'])).stdout).toBe('through\n')
    })

    test('that cannot be reached is said at once', async () => {
      await expect(open({ config: 'ProxyCommand exit 1' })).rejects.toMatchObject({ code: 'SSH_UNREACHABLE' })
    })
  })

  test('a port where nobody listens is SSH_UNREACHABLE', async () => {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    await expect(open({ port })).rejects.toMatchObject({
      code: 'SSH_UNREACHABLE',
      exitCode: 10,
      message: `cannot reach ${sshd.user}@127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
      hint: 'check the name, the port and the firewall; this must work: ssh server true',
    })
  })
})

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
