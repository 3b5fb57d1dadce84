import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { SshHost } from '../../../../deploy/host/ssh/ssh-host.ts'
import { resolveSshOptions } from '../../../../deploy/host/ssh/ssh-options.ts'
import { sh } from '../../../../deploy/remote/sh.ts'
import { describeNeeding, testWith } from '../../../helpers/needs.ts'
import { findProgram, output } from '../../../helpers/process/programs.ts'
import { makeKey, SSHD, type Sshd, startAgent, startSshd } from '../../../helpers/server/sshd.ts'
import { sharedTempFolder } from '../../../helpers/temp-folder.ts'

/** Servers that differ from the usual, each beside the system's own ssh: where that gets in, so must we. */
describeNeeding('sshd', SSHD !== null)('servers and clients that are not as usual', () => {
  const folder = sharedTempFolder()
  let key: string
  beforeAll(() => {
    key = makeKey(folder, 'key')
  })

  async function serve(sshdConfig: string): Promise<Sshd> {
    const sshd = await startSshd(mkdtempSync(join(folder, 'sshd-')), sshdConfig)
    onTestFinished(sshd.close)
    sshd.authorize(`${key}.pub`)
    return sshd
  }

  interface Client {
    /** Text of known_hosts. */
    knownHosts?: string
    /** Lines of the host's ssh configuration. */
    config?: string
    agentSocket?: string
  }

  function configure({ port, user, hostKey }: Sshd, client: Client): string {
    const { knownHosts = `[127.0.0.1]:${port} ${hostKey.type} ${hostKey.base64}\n`, config = `IdentityFile ${key}` } =
      client
    const home = mkdtempSync(join(folder, 'home-'))
    writeFileSync(join(home, 'known_hosts'), knownHosts)
    const common = `HostName 127.0.0.1\nPort ${port}\nUser ${user}\nUserKnownHostsFile ${home}/known_hosts\n`
    writeFileSync(join(home, 'config'), `Host server\n${common}GlobalKnownHostsFile /dev/null\n${config}\n`)
    return join(home, 'config')
  }

  async function open(sshd: Sshd, client: Client = {}) {
    const { agentSocket } = client
    const configFile = configure(sshd, client)
    const options = await resolveSshOptions({ host: 'server', configFile, agentSocket })
    const env = { ...process.env, SSH_AUTH_SOCK: agentSocket }
    const openSsh = spawnSync('ssh', ['-F', configFile, '-o', 'BatchMode=yes', 'server', 'true'], { env })
    const questions = { acceptHostKey: async () => false, passphrase: async () => null }
    const host = SshHost.open('server', options, questions)
    return host.then(
      (opened) => {
        onTestFinished(() => opened.close())
        return { host: opened, openSsh: openSsh.status }
      },
      (error) => ({ error, openSsh: openSsh.status }),
    )
  }

  async function expectIn(sshd: Sshd, client: Client = {}): Promise<SshHost> {
    const { host, openSsh, ...rest } = { host: undefined, error: undefined, ...(await open(sshd, client)) }
    expect([rest.error, openSsh]).toEqual([undefined, 0])
    if (host === undefined) throw new Error('not in')
    expect(await host.exec(['echo', "it's in"])).toMatchObject({ exitCode: 0, stdout: "it's in\n" })
    return host
  }

  describe('host keys', () => {
    async function serveAllTypes() {
      const keys = ['rsa', 'ecdsa'].map((type) => {
        const path = join(mkdtempSync(join(folder, 'host-keys-')), type)
        output('ssh-keygen', '-q', '-t', type, ...(type === 'rsa' ? ['-b', '2048'] : []), '-N', '', '-f', path)
        return path
      })
      const sshd = await serve(keys.map((path) => `HostKey ${path}`).join('\n'))
      const [rsa = '', ecdsa = ''] = keys.map((path) =>
        readFileSync(`${path}.pub`, 'utf8').split(' ').slice(0, 2).join(' '),
      )
      return { sshd, rsa, ecdsa }
    }

    test('of the recorded type are asked for, whichever types the server has', async () => {
      const { sshd, rsa, ecdsa } = await serveAllTypes()
      for (const recorded of [rsa, ecdsa])
        await expectIn(sshd, { knownHosts: `[127.0.0.1]:${sshd.port} ${recorded}\n` })
    })

    test('that are recorded without the port are known', async () => {
      const sshd = await serve('')
      await expectIn(sshd, { knownHosts: `127.0.0.1 ${sshd.hostKey.type} ${sshd.hostKey.base64}\n` })
      const other = `127.0.0.1 ${readFileSync(`${key}.pub`, 'utf8')}`
      expect(await open(sshd, { knownHosts: other })).toMatchObject({ error: { code: 'HOST_KEY_UNKNOWN' } })
    })

    test('that an authority signs are left to OpenSSH', async () => {
      const sshd = await serve('')
      const { error } = {
        error: undefined,
        ...(await open(sshd, { knownHosts: `@cert-authority * ${readFileSync(`${key}.pub`, 'utf8')}` })),
      }
      expect(error).toMatchObject({ code: 'HOST_KEY_UNKNOWN', hint: expect.stringContaining('--ssh-command ssh') })
    })
  })

  describe('keys of the user', () => {
    async function crowdedAgent() {
      const keys = mkdtempSync(join(folder, 'keys-'))
      const strangers = Array.from({ length: 8 }, (_, index) => makeKey(keys, `stranger-${index}`))
      const agent = await startAgent(keys, [...strangers, key])
      onTestFinished(agent.close)
      return agent.socket
    }

    test('that the configuration names come before the others of a crowded agent', async () => {
      const sshd = await serve('MaxAuthTries 3')
      const agentSocket = await crowdedAgent()
      await expectIn(sshd, { agentSocket, config: `IdentityFile ${key}` })
      await expectIn(sshd, { agentSocket, config: `IdentityFile ${key}.pub\nIdentitiesOnly yes` })
    })

    test('that are too many are named as the reason', async () => {
      const sshd = await serve('MaxAuthTries 3')
      const agentSocket = await crowdedAgent()
      const { error } = { error: undefined, ...(await open(sshd, { agentSocket, config: 'IdentityFile /nowhere' })) }
      expect(error).toMatchObject({
        code: 'SSH_AUTH',
        message: expect.stringContaining('after too many keys'),
        hint: expect.stringContaining('--identity FILE'),
      })
    })

    test('may be PKCS#8, and one with a certificate is left to OpenSSH', async () => {
      const sshd = await serve('')
      const path = join(mkdtempSync(join(folder, 'keys-')), 'pkcs8')
      output('ssh-keygen', '-q', '-t', 'rsa', '-b', '2048', '-m', 'PKCS8', '-N', '', '-f', path)
      sshd.authorize(`${path}.pub`)
      await expectIn(sshd, { config: `IdentityFile ${path}` })
      const certified = makeKey(mkdtempSync(join(folder, 'keys-')), 'certified')
      writeFileSync(`${certified}-cert.pub`, '')
      const { error } = { error: undefined, ...(await open(sshd, { config: `IdentityFile ${certified}` })) }
      expect(error).toMatchObject({ code: 'SSH_AUTH', hint: expect.stringContaining('--ssh-command ssh') })
    })
  })

  test('a greeting before the output of every command is left out', async () => {
    const host = await expectIn(
      await serve(`ForceCommand echo Welcome; echo "Load: $RANDOM"; eval "$SSH_ORIGINAL_COMMAND"`),
    )
    for (const _ of [1, 2]) {
      expect(await host.exec(sh('cat; exit 3'), { stdin: 'text\n' })).toMatchObject({ exitCode: 3, stdout: 'text\n' })
    }
    const session = await host.start(sh('echo begun; cat'))
    session.end()
    expect(await text(session.stdout)).toBe('begun\n')
  })

  testWith('tcsh')('a login shell like tcsh runs the same commands', async () => {
    const tcsh = findProgram('tcsh')
    const host = await expectIn(await serve(`SetEnv SHELL=${tcsh}\nForceCommand ${tcsh} -f -c "$SSH_ORIGINAL_COMMAND"`))
    const words = ['', "it's", '$HOME', '`id`', '\\', 'two\nlines', '!!', '*', 'é🙂']
    for (const _ of [1, 2]) {
      expect((await host.exec(['printf', '%s\\0', ...words])).stdout.split('\0')).toEqual([...words, ''])
    }
    expect((await host.exec(sh('printf "%s" "$1"\ncat', 'a\nb'), { stdin: 'c' })).stdout).toBe('a\nbc')
  })

  test('a server that forwards no port is reached through a command', async () => {
    const server = createServer((socket) => socket.on('data', (data) => socket.end(`heard ${data}`)))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    for (const more of ['', '\nForceCommand echo Welcome; eval "$SSH_ORIGINAL_COMMAND"']) {
      const host = await expectIn(await serve(`AllowTcpForwarding no${more}`))
      for (const _ of [1, 2]) {
        const stream = await host.connect(port)
        stream.write('hello')
        expect(await text(stream)).toBe('heard hello')
      }
      await expect(host.connect(1)).rejects.toThrow('ECONNREFUSED')
    }
  })

  test('a server with one session a connection runs commands one by one, and says what is in the way of two', async () => {
    const host = await expectIn(await serve('MaxSessions 1'))
    for (const _ of [1, 2, 3]) expect((await host.exec(['true'])).exitCode).toBe(0)
    const held = await host.start(sh('cat'))
    await expect(host.exec(['true'])).rejects.toMatchObject({
      code: 'TARGET_UNSUPPORTED',
      hint: expect.stringContaining('MaxSessions 10'),
    })
    held.end()
  })

  test('a command waits where the server allows no more sessions until another one has ended', async () => {
    const host = await expectIn(await serve('MaxSessions 2'))
    const held = await host.start(sh('cat'))
    const results = await Promise.all([host.exec(['sleep', '3']), host.exec(['true']), host.exec(['false'])])
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 1])
    held.end()
  })
})
