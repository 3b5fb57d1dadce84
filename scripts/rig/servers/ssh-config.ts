import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
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

/**
 * Writes the ssh config and the host keys of the servers, so that no host key is unknown on first use. A program that reads
 * them meanwhile finds whole files.
 */
export async function writeSshFiles(layout: Layout, servers: ServerAddress[]): Promise<void> {
  const keys = await Promise.all(servers.map((server) => hostKeys(layout, server)))
  replaceFile(knownHostsPath(layout), keys.flat().join(''))
  replaceFile(sshConfigPath(layout), [...servers.map(hostSection), sharedSection(layout)].join('\n'))
}

function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

/** Reads them from the disk of the server, which may be restarting. */
async function hostKeys({ stateDir }: Layout, { container, host, ip }: ServerAddress): Promise<string[]> {
  const folder = await mkdtemp(join(stateDir, 'host-keys-'))
  try {
    const files = ['ed25519', 'ecdsa', 'rsa'].map((type) => `ssh_host_${type}_key.pub`)
    for (const file of files) await run(['docker', 'cp', `${container}:/etc/ssh/${file}`, folder])
    const printed = files.map((file) => readFileSync(join(folder, file), 'utf8'))
    return printed.map((line) => `${host},${ip} ${line.split(' ').slice(0, 2).join(' ')}\n`)
  } finally {
    await rm(folder, { recursive: true })
  }
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
