import { deployError } from '../errors.ts'
import { type Host, run } from '../host/host.ts'
import { LocalHost } from '../host/local-host.ts'
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
  agentSocket?: string | undefined
}

export interface ConnectQuestions extends SshQuestions {
  sudoPassword(user: string, host: string): Promise<string | null>
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
  const options = await resolveSshOptions({
    host: target.host,
    configFile: target.sshConfig,
    identityFile: target.identity,
    agentSocket: target.agentSocket,
  })
  const host = await SshHost.open(target.host, options, questions, target.hostKey)
  try {
    const identity = await identify(host)
    host.privilege = await privilegeFor(identity, target.host, questions)
    await verifyPrivilege(host, identity.user)
    const { serverAddress, clientAddress } = identity
    return { host, user: identity.user, home: identity.home, serverAddress, clientAddress }
  } catch (error) {
    await host.close()
    throw error
  }
}

async function connectLocally(questions: ConnectQuestions): Promise<Connection> {
  const identity = await identify(new LocalHost({ kind: 'root' }))
  const host = new LocalHost(await privilegeFor(identity, 'localhost', questions))
  await verifyPrivilege(host, identity.user)
  return { host, user: identity.user, home: identity.home, serverAddress: null, clientAddress: null }
}

interface Identity {
  user: string
  home: string
  sudo: string
  serverAddress: string | null
  clientAddress: string | null
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

async function privilegeFor({ sudo, user }: Identity, host: string, questions: ConnectQuestions): Promise<Privilege> {
  if (sudo === 'root') return { kind: 'root' }
  if (sudo === 'free') return { kind: 'sudo' }
  const password = sudo === 'password' ? await questions.sudoPassword(user, host) : null
  if (password !== null) return { kind: 'sudo-password', password }
  throw sudoMissing(user, host, sudo === 'absent' ? 'sudo is not installed' : 'sudo wants a password')
}

/** Only now sudo shows whether the user may use it at all. */
async function verifyPrivilege(host: Host, user: string): Promise<void> {
  const { exitCode, stdout, stderr } = await host.exec(['id', '-u'])
  if (exitCode !== 0 || stdout.trim() !== '0') throw sudoMissing(user, host.name, stderr.trim() || 'sudo refused')
}

function sudoMissing(user: string, host: string, why: string) {
  return deployError(
    'SUDO_MISSING',
    `the user ${user} cannot become root on ${host}: ${why}`,
    'connect as root, or as a user that may use sudo; where sudo wants a password, run in a terminal',
  )
}
