import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { hasErrorCode } from '../../../kit/user-error.ts'
import { describeNeeding, isRoot } from '../needs.ts'
import { findProgram, output } from '../process/programs.ts'
import { sharedTempFolder } from '../temp-folder.ts'

/** A real sshd of this user's on a free port of 127.0.0.1, with its own keys. */
export interface Sshd {
  port: number
  user: string
  /** Holds everything that belongs to it. */
  folder: string
  /** Its host key, as in a .pub file: type and base64. */
  hostKey: { type: string; base64: string; fingerprint: string }
  /** Lets a client in that has this key. */
  authorize(publicKeyFile: string): void
  /** How many connections it has taken since it started. */
  connections(): number
  /** Ends the processes that serve connections, as a server that disappears would. */
  killConnections(): void
  close(): Promise<void>
}

const START_ATTEMPTS = 5

/** Null where no sshd is installed. */
export const SSHD = findProgram('sshd')

export interface SshServer extends Sshd {
  /** An ssh configuration that calls it `server` and knows a key for it, but not its host key. */
  sshConfig: string
}

/** A server to connect to with `--host server --ssh-config FILE`. */
export async function startSshServer(folder: string, sshdConfig: string): Promise<SshServer> {
  const sshd = await startSshd(folder, sshdConfig)
  const key = makeKey(folder, 'key')
  sshd.authorize(`${key}.pub`)
  const sshConfig = join(mkdtempSync(join(folder, 'home-')), 'config')
  writeFileSync(
    sshConfig,
    `Host server
  HostName 127.0.0.1
  Port ${sshd.port}
  User ${sshd.user}
  IdentityFile ${key}
  IdentitiesOnly yes
  UserKnownHostsFile ${sshConfig}.known_hosts
`,
  )
  return { ...sshd, sshConfig }
}

/**
 * Tests that become root on such a server, which runs while they do.
 * @param sshdConfig lines of sshd_config that differ from the usual
 */
export function describeWithSshServer(title: string, body: (server: () => SshServer) => void, sshdConfig = ''): void {
  describeNeeding('sshd, or root,', SSHD !== null && isRoot)(title, () => {
    const folder = sharedTempFolder()
    let server: SshServer | undefined
    beforeAll(async () => {
      server = await startSshServer(folder, sshdConfig)
    })
    afterAll(() => server?.close())
    body(() => {
      if (server === undefined) throw new Error('the server runs only during the tests')
      return server
    })
  })
}

/** @param sshdConfig lines of sshd_config, which come first and so win */
export async function startSshd(folder: string, sshdConfig = ''): Promise<Sshd> {
  const hostKeyFile = makeKey(folder, 'host-key')
  const authorizedKeys = join(folder, 'authorized_keys')
  writeFileSync(authorizedKeys, '')
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 }) // sshd insists on it as root.
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const started = await tryToStart(folder, port, { hostKey: hostKeyFile, authorizedKeys, sshdConfig })
    if (typeof started === 'string') {
      if (attempt < START_ATTEMPTS) continue
      throw new Error(`sshd does not start: ${started}`)
    }
    const { server, log } = started
    const [type = '', base64 = ''] = readFileSync(`${hostKeyFile}.pub`, 'utf8').split(' ')
    const fingerprint = output('ssh-keygen', '-lf', `${hostKeyFile}.pub`).split(' ')[1] ?? ''
    return {
      port,
      user: userInfo().username,
      folder,
      hostKey: { type, base64, fingerprint },
      authorize: (publicKeyFile) => {
        writeFileSync(authorizedKeys, readFileSync(publicKeyFile), { flag: 'a' })
      },
      connections: () => log().match(/^Connection from /gm)?.length ?? 0,
      killConnections: () => {
        for (const pid of descendants(server.pid ?? 0)) killIfThere(pid)
      },
      close: async () => {
        if (server.exitCode !== null || server.signalCode !== null) return
        server.kill()
        await once(server, 'exit')
      },
    }
  }
}

/** @returns its log so far if it ended by itself */
async function tryToStart(
  folder: string,
  port: number,
  { hostKey, authorizedKeys, sshdConfig }: { hostKey: string; authorizedKeys: string; sshdConfig: string },
) {
  const config = join(folder, 'sshd_config')
  // Programs are found as here. SHLVL keeps bash from reading the user's .bashrc, which may be slow or talk.
  writeFileSync(
    config,
    `${sshdConfig}
ListenAddress 127.0.0.1:${port}
HostKey ${hostKey}
AuthorizedKeysFile ${authorizedKeys}
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
SetEnv SHLVL=2 "PATH=${process.env['PATH']}"
LogLevel VERBOSE
Subsystem sftp internal-sftp
`,
  )
  const server = spawn(SSHD ?? 'sshd', ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  server.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  while (!text.includes('Server listening')) {
    const ended = await Promise.race([
      once(server.stderr, 'data').then(() => false),
      once(server, 'exit').then(() => true),
    ])
    if (ended) return text
  }
  return { server, log: () => text }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** One may end with another that was killed just before it. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!hasErrorCode(error, 'ESRCH')) throw error
  }
}

function descendants(pid: number): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
  const children = stdout.split('\n').filter(Boolean).map(Number)
  return children.flatMap((child) => [child, ...descendants(child)])
}

/** Makes a key pair with ssh-keygen; the public key is next to it with .pub. @returns the private key's path */
export function makeKey(folder: string, name: string, passphrase = ''): string {
  const path = join(folder, name)
  output('ssh-keygen', '-q', '-t', 'ed25519', '-a', '1', '-N', passphrase, '-C', name, '-f', path)
  return path
}

/** A real ssh-agent that holds these keys. */
export async function startAgent(
  folder: string,
  keys: string[],
): Promise<{ socket: string; close: () => Promise<void> }> {
  const socket = join(folder, 'agent.sock')
  const agent: ChildProcess = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  if (agent.stdout) await once(agent.stdout, 'data') // Once it listens it prints where.
  for (const key of keys) {
    const { status, stderr } = spawnSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket } })
    if (status !== 0) throw new Error(`ssh-add: ${stderr}`)
  }
  return {
    socket,
    close: async () => {
      agent.kill()
      await once(agent, 'exit')
    },
  }
}
