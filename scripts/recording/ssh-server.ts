import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { $ } from 'zx'
import { freePort } from '../rig/machine/ports.ts'

/** An SSH server on this machine, which an ssh configuration calls by a name. */
export interface SshServer {
  /** Path of that configuration. */
  sshConfig: string
  stop: () => Promise<void>
}

/** Starts it with new keys, for the user who runs this. */
export async function startServer(folder: string, name: string): Promise<SshServer> {
  const at = (file: string) => join(folder, file)
  const port = await freePort()
  for (const key of ['host-key', 'user-key']) await $`ssh-keygen -q -t ed25519 -N ${''} -f ${at(key)}`.quiet()
  copyFileSync(at('user-key.pub'), at('authorized_keys'))
  chmodSync(at('authorized_keys'), 0o600)
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${at('host-key')}`,
    `AuthorizedKeysFile ${at('authorized_keys')}`,
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'SetEnv PATH=/usr/sbin:/usr/bin:/sbin:/bin',
  ]
  writeFileSync(at('sshd_config'), `${lines.join('\n')}\n`)
  const own = [
    `Host ${name}`,
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  User ${userInfo().username}`,
    `  IdentityFile ${at('user-key')}`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${at('known_hosts')}`,
    '  StrictHostKeyChecking accept-new',
  ]
  writeFileSync(at('ssh_config'), `${own.join('\n')}\n`)
  const server = $({ nothrow: true, quiet: true })`/usr/sbin/sshd -D -e -f ${at('sshd_config')}`
  await $({ quiet: true })`mkdir -p /run/sshd`
  return {
    sshConfig: at('ssh_config'),
    stop: async () => {
      await server.kill()
      await server
    },
  }
}
