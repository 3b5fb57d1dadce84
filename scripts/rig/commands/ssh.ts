import { spawn } from 'node:child_process'
import { OTHER_USERS } from '../layout.ts'
import { findServer, type Rig } from '../rig-file.ts'

/**
 * Opens a shell or runs a command on a server.
 * @returns the exit code of ssh
 */
export function sshTo(rig: Rig, name: string | undefined, command: string[]): Promise<number> {
  const args = ['-F', rig.sshConfigPath, sshAlias(rig, name), ...command]
  return new Promise((resolve, reject) => {
    const ssh = spawn('ssh', args, { stdio: 'inherit' })
    ssh.on('error', reject)
    ssh.on('close', (code) => resolve(code ?? 1))
  })
}

/** `rig0-bookworm`, or `rig0-bookworm-admin` to log in as another user. */
function sshAlias(rig: Rig, name: string | undefined): string {
  const user = OTHER_USERS.find((other) => name?.endsWith(`-${other}`))
  if (!user) return findServer(rig, name).host
  return `${findServer(rig, name?.slice(0, -user.length - 1)).host}-${user}`
}
