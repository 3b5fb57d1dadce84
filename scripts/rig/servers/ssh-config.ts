import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Layout, OTHER_USERS, type ServerAddress } from '../layout.ts'
import { run } from '../machine/run.ts'
import { identityPath } from './keys.ts'

export function sshConfigPath({ stateDir }: Layout): string {
  return join(stateDir, 'ssh_config')
}

export function knownHostsPath({ stateDir }: Layout): string {
  return join(stateDir, 'known_hosts')
}

/** Writes the ssh config and the host keys of the servers, so that no host key is unknown on first use. */
export async function writeSshFiles(layout: Layout, servers: ServerAddress[]): Promise<void> {
  const keys = await Promise.all(servers.map(hostKeys))
  writeFileSync(knownHostsPath(layout), keys.flat().join(''))
  writeFileSync(sshConfigPath(layout), [...servers.map(hostSection), sharedSection(layout)].join('\n'))
}

async function hostKeys({ container, host, ip }: ServerAddress): Promise<string[]> {
  const files = ['ed25519', 'ecdsa', 'rsa'].map((type) => `/etc/ssh/ssh_host_${type}_key.pub`)
  const printed = await run(['docker', 'exec', container, 'cat', ...files])
  return printed
    .trim()
    .split('\n')
    .map((line) => `${host},${ip} ${line.split(' ').slice(0, 2).join(' ')}\n`)
}

function hostSection({ host, ip }: ServerAddress): string {
  const users = [
    `Host ${host}`,
    '  User root',
    ...OTHER_USERS.flatMap((user) => [`Host ${host}-${user}`, `  User ${user}`]),
  ]
  return [...users, `Host ${host} ${host}-*`, `  HostName ${ip}`, ''].join('\n')
}

function sharedSection(layout: Layout): string {
  return [
    'Host *',
    `  IdentityFile "${identityPath(layout)}"`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile "${knownHostsPath(layout)}"`,
    '  GlobalKnownHostsFile /dev/null',
    '  StrictHostKeyChecking yes',
    '',
  ].join('\n')
}
