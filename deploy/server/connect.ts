import { deployError } from '../errors.ts'
import { type Host, run } from '../host/host.ts'
import { LocalHost } from '../host/local-host.ts'
import { OpenSshHost } from '../host/openssh/openssh-host.ts'
import type { Privilege } from '../host/privilege.ts'
import type { SshQuestions } from '../host/ssh/questions.ts'
import { SshHost } from '../host/ssh/ssh-host.ts'
import { resolveSshOptions } from '../host/ssh/ssh-options.ts'
import { IDENTITY } from '../remote/inspection.ts'
import { readPairs } from './pairs.ts'

export interface Target {
  host: string
  sshConfig?: string | undefined
  identity?: string | undefined
  /** Fingerprint of a host key that is accepted unseen. */
  hostKey?: string | undefined
  /** Program of OpenSSH that connects, instead of the library. */
  sshCommand?: string | undefined
  agentSocket?: string | undefined
}

export interface ConnectQuestions extends SshQuestions {
  /** There is a terminal to ask on. */
  canAsk: boolean
  /** @param isRetry the previous answer was wrong */
  sudoPassword(user: string, host: string, isRetry: boolean): Promise<string | null>
}

/** A host where commands run as root, and who we are there. */
export interface Connection {
  host: Host
  user: string
  home: string
  /** The server's own address as the connection shows it; null without SSH. */
  serverAddress: string | null
  /** Our address as the server sees it; null without SSH. */
  clientAddress: string | null
}

const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1']

/** @throws UserError SSH_UNREACHABLE, SSH_AUTH, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, SUDO_MISSING */
export async function connect(target: Target, questions: ConnectQuestions): Promise<Connection> {
  if (LOCAL_NAMES.includes(target.host)) return connectLocally(questions)
  const host = await openHost(target, questions)
  try {
    const identity = await identifyDuringAnother(host)
    await becomeRoot(identity, host.name, questions, (privilege) => {
      host.privilege = privilege
      return host
    })
    const { serverAddress, clientAddress } = identity
    return { host, user: identity.user, home: identity.home, serverAddress, clientAddress }
  } catch (error) {
    await host.close()
    throw error
  }
}

async function openHost(target: Target, questions: ConnectQuestions): Promise<SshHost | OpenSshHost> {
  const { host, sshConfig: configFile, identity: identityFile, agentSocket, sshCommand: program } = target
  const options = await resolveSshOptions({ host, configFile, identityFile, agentSocket })
  if (program === undefined) return SshHost.open(host, options, questions, target.hostKey)
  const address = options.openProxy === null ? options.hostname : null
  return OpenSshHost.open({ program, host, configFile, identityFile, canAsk: questions.canAsk }, address)
}

async function connectLocally(questions: ConnectQuestions): Promise<Connection> {
  const identity = await identify(new LocalHost({ kind: 'root' }))
  const host = await becomeRoot(identity, 'localhost', questions, (privilege) => new LocalHost(privilege))
  return { host, user: identity.user, home: identity.home, serverAddress: null, clientAddress: null }
}

interface Identity {
  user: string
  home: string
  sudo: string
  serverAddress: string | null
  clientAddress: string | null
}

/** With another session open, so that a server that allows only one is named at once, and not after a plan. */
async function identifyDuringAnother(host: Host): Promise<Identity> {
  const [other, identity] = await Promise.all([host.start(['cat']), identify(host)])
  other.end()
  return identity
}

async function identify(host: Host): Promise<Identity> {
  const pairs = readPairs(await run(host, `run commands on ${host.name}`, IDENTITY))
  return {
    user: pairs.one('user') ?? '',
    home: pairs.one('home') ?? '/root',
    sudo: pairs.one('sudo') ?? 'absent',
    serverAddress: pairs.one('connection')?.split(' ')[2] ?? null,
    clientAddress: pairs.one('connection')?.split(' ')[0] ?? null,
  }
}

const PASSWORD_TRIES = 3
/** What sudo says of a password that is not right. */
const WRONG_PASSWORD = /try again|incorrect password|no password was provided/i

/** @param hostWith the host where commands become root's in this way */
async function becomeRoot<H extends Host>(
  { sudo, user }: Identity,
  name: string,
  questions: ConnectQuestions,
  hostWith: (privilege: Privilege) => H,
): Promise<H> {
  if (sudo === 'root') return hostWith({ kind: 'root' })
  if (sudo === 'free') return hostWith({ kind: 'sudo' })
  if (sudo !== 'password') throw sudoMissing(user, name, WHY_NOT[sudo] ?? WHY_NOT['absent'])
  for (let attempt = 1; ; attempt++) {
    const password = await questions.sudoPassword(user, name, attempt > 1)
    if (password === null) throw sudoMissing(user, name, WHY_NOT['password'])
    const host = hostWith({ kind: 'sudo-password', password })
    // Only now sudo shows whether the user may use it at all.
    const { exitCode, stdout, stderr } = await host.exec(['id', '-u'])
    if (exitCode === 0 && stdout.trim() === '0') return host
    const mayRetry = attempt < PASSWORD_TRIES && WRONG_PASSWORD.test(stderr)
    if (!mayRetry) throw sudoMissing(user, name, { why: stderr.trim() || 'sudo refused' })
  }
}

interface Obstacle {
  why: string
  hint?: string
}

const WHY_NOT: Record<string, Obstacle> = {
  absent: { why: 'sudo is not installed' },
  password: { why: 'sudo wants a password', hint: 'run in a terminal to type it, or connect as root' },
  tty: {
    why: 'sudo there works only in a terminal (requiretty)',
    hint: 'add this line to its sudoers with visudo: Defaults !requiretty',
  },
}

function sudoMissing(user: string, host: string, obstacle: Obstacle | undefined) {
  return deployError(
    'SUDO_MISSING',
    `the user ${user} cannot become root on ${host}: ${obstacle?.why}`,
    obstacle?.hint ?? 'connect as root, or as a user that may use sudo',
  )
}
