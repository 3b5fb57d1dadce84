import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { deployError } from '../../errors.ts'
import { runLocally } from '../local-host.ts'
import { type ProxyTarget, proxyOpener } from './proxy.ts'

/** What OpenSSH would use for a host, in OpenSSH's own words (`ssh -G`, ssh_config(5)). */
export interface SshOptions {
  hostname: string
  port: number
  user: string
  identityFiles: string[]
  /** Socket of the agent; null for none. */
  agent: string | null
  identitiesOnly: boolean
  /** Name under which the host key is recorded, when it is not the host's own. */
  hostKeyAlias: string | null
  knownHostsFiles: string[]
  /** `ask`, `yes`, `accept-new` or `no`. */
  strictHostKeyChecking: string
  connectTimeoutMs: number
  /** Opens the way to the host when it is not a plain TCP connection. */
  openProxy: (() => Duplex) | null
}

export interface SshOptionsRequest {
  host: string
  configFile?: string | undefined
  identityFile?: string | undefined
  agentSocket?: string | undefined
}

const DEFAULT_CONNECT_TIMEOUT_MS = 15_000
/** What `ssh -G` prints for the switches of this option. */
const STRICT_WORDS: Record<string, string> = { true: 'yes', false: 'no' }

/** @throws UserError USAGE when OpenSSH is missing or refuses the host or its configuration */
export async function resolveSshOptions(request: SshOptionsRequest): Promise<SshOptions> {
  const { host, configFile, identityFile, agentSocket } = request
  const configArgs = configFile ? ['-F', configFile] : []
  const identityArgs = identityFile ? ['-i', identityFile, '-o', 'IdentitiesOnly=yes'] : []
  const values = readValues(await askSsh([...configArgs, ...identityArgs], host))
  const first = (name: string) => values.get(name)?.[0]
  const target: ProxyTarget = {
    hostname: first('hostname') ?? host,
    port: Number(first('port') ?? 22),
    user: first('user') ?? '',
  }
  const strict = first('stricthostkeychecking') ?? 'ask'
  const proxy = { command: optional(first('proxycommand')), jump: optional(first('proxyjump')) }
  return {
    ...target,
    identityFiles: (values.get('identityfile') ?? []).map(expandHome),
    agent: agentOf(first('identityagent'), agentSocket),
    identitiesOnly: first('identitiesonly') === 'yes',
    hostKeyAlias: optional(first('hostkeyalias')),
    knownHostsFiles: filesOf(first('userknownhostsfile'), first('globalknownhostsfile')),
    strictHostKeyChecking: STRICT_WORDS[strict] ?? strict,
    connectTimeoutMs: Number(first('connecttimeout')) * 1000 || DEFAULT_CONNECT_TIMEOUT_MS,
    openProxy: proxyOpener(proxy, target, configArgs),
  }
}

/** The output of `ssh -G`. */
async function askSsh(args: string[], host: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runLocally(['ssh', ...args, '-G', '--', host]).catch((error) => {
    throw deployError('USAGE', 'the program ssh was not found on this machine', 'install the OpenSSH client', error)
  })
  if (exitCode === 0) return stdout
  throw deployError(
    'USAGE',
    `ssh does not accept the host ${JSON.stringify(host)}: ${stderr.trim()}`,
    'check --host and your ssh configuration',
  )
}

/** Values by option; an option that is given more than once has all of them. */
function readValues(text: string): Map<string, string[]> {
  const values = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ')
    if (space < 0) continue
    const name = line.slice(0, space)
    values.set(name, [...(values.get(name) ?? []), line.slice(space + 1).trim()])
  }
  return values
}

/** SSH_AUTH_SOCK stands for the socket of the environment. */
function agentOf(identityAgent = 'SSH_AUTH_SOCK', agentSocket?: string): string | null {
  if (identityAgent === 'none') return null
  return identityAgent === 'SSH_AUTH_SOCK' ? (agentSocket ?? null) : expandHome(identityAgent)
}

function filesOf(...lists: (string | undefined)[]): string[] {
  const files = lists.flatMap((list) => (list ?? '').split(/\s+/))
  return files.filter((file) => file !== '' && file !== 'none').map(expandHome)
}

function optional(value: string | undefined): string | null {
  return value === undefined || value === '' || value === 'none' ? null : value
}

function expandHome(path: string): string {
  return path.replace(/^"|"$/g, '').replace(/^~(?=\/)/, homedir())
}

/** All files as one text; a file that does not exist is empty. */
export async function readKnownHosts(files: string[]): Promise<string> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))
  return texts.join('\n')
}

/** Where a new host key is recorded. */
export function userKnownHostsFile(options: SshOptions): string {
  return options.knownHostsFiles[0] ?? join(homedir(), '.ssh', 'known_hosts')
}
