import { spawn } from 'node:child_process'
import { UserError } from '../../../kit/user-error.ts'
import type { Rig, RigServer } from '../rig-file.ts'
import { OTHER_USERS } from '../servers/ssh-config.ts'

/** Opens a shell or runs a command on a server, and returns ssh's exit code. */
export function sshTo(rig: Rig, name: string | undefined, command: string[]): Promise<number> {
  const args = ['-F', rig.sshConfigPath, sshAlias(rig, name), ...command]
  return new Promise((resolve, reject) => {
    const ssh = spawn('ssh', args, { stdio: 'inherit' })
    ssh.on('error', reject)
    ssh.on('close', (code) => resolve(code ?? 1))
  })
}

/** The server with this name, or the first. @throws UserError that lists the names. */
export function findServer(rig: Rig, name?: string): RigServer {
  const found = rig.servers.find((server) => name === undefined || server.name === name || server.host === name)
  if (found) return found
  throw unknownServer(rig, name)
}

/** `bookworm`, or `bookworm-admin` to log in as another user. */
function sshAlias(rig: Rig, name: string | undefined): string {
  const user = OTHER_USERS.find((other) => name?.endsWith(`-${other}`))
  if (!user) return findServer(rig, name).host
  return `${findServer(rig, name?.slice(0, -user.length - 1)).host}-${user}`
}

function unknownServer({ servers }: Rig, name: string | undefined): UserError {
  const names = servers.map((server) => server.name).join(', ')
  return new UserError('RIG_SERVER_NAME', `The rig has no server "${name}".`, {
    hint: `It has: ${names} (as root); add -${OTHER_USERS.join(', -')} for another user.`,
  })
}
