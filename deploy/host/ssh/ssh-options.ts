import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { deployError } from '../../errors.ts'
import { openPipe, runLocally } from '../local-host.ts'

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

/** @throws UserError USAGE when OpenSSH is missing or refuses the host or its configuration */
export async function resolveSshOptions(request: SshOptionsRequest): Promise<SshOptions> {
  const { host, configFile, identityFile } = request
  const configArgs = configFile ? ['-F', configFile] : []
  const identityArgs = identityFile ? ['-i', identityFile, '-o', 'IdentitiesOnly=yes'] : []
  const { exitCode, stdout, stderr } = await runLocally([
    'ssh',
    ...configArgs,
    ...identityArgs,
    '-G',
    '--',
    host,
  ]).catch((error) => {
    throw deployError('USAGE', 'the program ssh was not found on this machine', 'install the OpenSSH client', error)
  })
  if (exitCode !== 0) {
    throw deployError(
      'USAGE',
      `ssh does not accept the host ${JSON.stringify(host)}: ${stderr.trim()}`,
      'check --host and your ssh configuration',
    )
  }
  const values = readOptions(stdout)
  const first = (name: string) => values.get(name)?.[0]
  const agent = first('identityagent') ?? 'SSH_AUTH_SOCK'
  const proxyCommand = optional(first('proxycommand'))
  const proxyJump = optional(first('proxyjump'))
  const hostname = first('hostname') ?? host
  const port = Number(first('port') ?? 22)
  const user = first('user') ?? ''
  return {
    hostname,
    port,
    user,
    identityFiles: (values.get('identityfile') ?? []).map(expandHome),
    agent: agent === 'none' ? null : agent === 'SSH_AUTH_SOCK' ? (request.agentSocket ?? null) : expandHome(agent),
    identitiesOnly: first('identitiesonly') === 'yes',
    hostKeyAlias: optional(first('hostkeyalias')),
    knownHostsFiles: ['userknownhostsfile', 'globalknownhostsfile']
      .flatMap((name) => (first(name) ?? '').split(/\s+/))
      .filter((file) => file !== '' && file !== 'none')
      .map(expandHome),
    strictHostKeyChecking:
      { true: 'yes', false: 'no' }[first('stricthostkeychecking') ?? ''] ?? first('stricthostkeychecking') ?? 'ask',
    connectTimeoutMs: Number(first('connecttimeout')) * 1000 || DEFAULT_CONNECT_TIMEOUT_MS,
    openProxy: proxyOpener({ proxyCommand, proxyJump, hostname, port, user, configArgs }),
  }
}

function proxyOpener(options: {
  proxyCommand: string | null
  proxyJump: string | null
  hostname: string
  port: number
  user: string
  configArgs: string[]
}): (() => Duplex) | null {
  const { proxyCommand, proxyJump, hostname, port, user, configArgs } = options
  if (proxyJump) {
    const hops = proxyJump.split(',')
    const last = hops.pop() ?? ''
    const before = hops.length > 0 ? ['-J', hops.join(',')] : []
    // As a URI, since only there a hop may have a port.
    return () => openPipe(['ssh', ...configArgs, ...before, '-W', `[${hostname}]:${port}`, `ssh://${last}`])
  }
  if (!proxyCommand) return null
  const tokens: Record<string, string> = { '%h': hostname, '%p': String(port), '%r': user, '%%': '%' }
  const command = proxyCommand.replace(/%[hpr%]/g, (token) => tokens[token] ?? token)
  return () => openPipe(['sh', '-c', `exec ${command}`])
}

function readOptions(text: string): Map<string, string[]> {
  const values = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ')
    if (space < 0) continue
    const name = line.slice(0, space)
    values.set(name, [...(values.get(name) ?? []), line.slice(space + 1).trim()])
  }
  return values
}

function optional(value: string | undefined): string | null {
  return value === undefined || value === '' || value === 'none' ? null : value
}

function expandHome(path: string): string {
  return path.replace(/^"|"$/g, '').replace(/^~(?=\/)/, homedir())
}

/** All files as one text; those that do not exist count as empty. */
export async function readKnownHosts(files: string[]): Promise<string> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))
  return texts.join('\n')
}

/** Where a new host key is recorded. */
export function userKnownHostsFile(options: SshOptions): string {
  return options.knownHostsFiles[0] ?? join(homedir(), '.ssh', 'known_hosts')
}
