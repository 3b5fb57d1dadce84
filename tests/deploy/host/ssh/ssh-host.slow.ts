import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Argv } from '../../../../deploy/host/argv.ts'
import type { ExecOptions } from '../../../../deploy/host/host.ts'
import type { SshQuestions } from '../../../../deploy/host/ssh/questions.ts'
import { SshHost } from '../../../../deploy/host/ssh/ssh-host.ts'
import { resolveSshOptions } from '../../../../deploy/host/ssh/ssh-options.ts'
import { untilEnded } from '../../../../deploy/host/until-ended.ts'
import { sh } from '../../../../deploy/remote/sh.ts'
import { describeNeeding } from '../../../helpers/needs.ts'
import { describeHost } from '../../../helpers/server/host-behaviour.ts'
import { makeKey, SSHD, type Sshd, startAgent, startSshd } from '../../../helpers/server/sshd.ts'
import { sharedTempFolder } from '../../../helpers/temp-folder.ts'

const SHOW_KEY = 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub'

/** Longer than a test may take. */
const NEVER_MS = 600_000
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
Host server
${config}
Host server jump
IdentitiesOnly yes
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

  describeHost(() => connectTo(configure({}).configFile))

  describe('exec', () => {
    let shared: SshHost
    beforeAll(async () => {
      shared = await connectTo(configure({}).configFile)
    })
    afterAll(() => shared?.close())
    const run = (argv: Argv, options?: ExecOptions) => shared.exec(argv, options)

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

    test('commands run in parallel on one connection', async () => {
      const before = sshd.connections()
      const { host } = await open()
      const outputs = await Promise.all([1, 2, 3, 4].map((n) => host.exec(['echo', String(n)])))
      expect(outputs.map(({ stdout }) => stdout)).toEqual(['1\n', '2\n', '3\n', '4\n'])
      expect(host.counts).toEqual({ connections: 1, channels: 4 })
      expect(sshd.connections() - before).toBe(1)
    })
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
      hint: 'run the same command again',
    }

    test('ends a running command with SSH_UNREACHABLE, and every later one', async () => {
      const { host } = await open()
      const running = host.exec(sh('echo started; sleep 60'), { onLine: () => sshd.killConnections() })
      await expect(running).rejects.toMatchObject(lost)
      await expect(host.exec(sh('true'))).rejects.toMatchObject(lost)
      await expect(host.start(sh('cat'))).rejects.toMatchObject(lost)
      await expect(host.connect(1)).rejects.toMatchObject({
        ...lost,
        message: 'the connection to server was lost while it was used',
      })
    })

    test('ends the output of a session', async () => {
      const { host } = await open()
      const session = await host.start(sh('echo begun; cat'))
      session.stdout.once('data', () => sshd.killConnections())
      expect(await text(session.stdout)).toBe('begun\n')
    })

    test('leaves no output to wait for', async () => {
      const { host } = await open()
      await host.exec(['true'])
      const session = await host.start(sh('echo begun; cat'))
      session.stdout.once('data', () => sshd.killConnections())
      await once(session.stdout, 'close')
      await untilEnded(session.stdout, NEVER_MS)
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
      expect(asked.mock.calls).toEqual([
        [`[127.0.0.1]:${sshd.port}`, 'ssh-ed25519', sshd.hostKey.fingerprint, SHOW_KEY],
      ])
      expect(readFileSync(knownHostsFile, 'utf8')).toBe(known())
      expect((await host.exec(['true'])).exitCode).toBe(0)
    })

    test('is refused when nobody accepts it, and nothing is recorded', async () => {
      await expect(open({ knownHosts: '# empty\n' })).rejects.toMatchObject({
        code: 'HOST_KEY_UNKNOWN',
        exitCode: 11,
        message: `the host key of [127.0.0.1]:${sshd.port} is not known yet (ssh-ed25519 ${sshd.hostKey.fingerprint})`,
        hint: `compare it with what this shows on the server: ${SHOW_KEY}; then run again with: --host-key ${sshd.hostKey.fingerprint}`,
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
      const asked = vi.fn(async (_path: string, _isRetry: boolean) => 'open sesame')
      const questions = { passphrase: asked }
      const { host } = await open({ config: `IdentityFile ${locked}`, questions })
      expect((await host.exec(['true'])).exitCode).toBe(0)
      expect(asked.mock.calls).toEqual([[locked, false]])
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
      for (const config of ['IdentityFile /nowhere\nIdentitiesOnly no', `IdentityFile ${held}.pub`]) {
        const { host } = await open({ config, agentSocket: agent.socket })
        expect((await host.exec(['true'])).exitCode).toBe(0)
      }
      for (const config of ['IdentityFile /nowhere\nIdentityAgent none', 'IdentityFile /nowhere\nIdentitiesOnly yes']) {
        await expect(open({ config, agentSocket: agent.socket })).rejects.toMatchObject({ code: 'SSH_AUTH' })
      }
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
