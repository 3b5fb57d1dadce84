import { sleep } from 'zx'
import type { UserError } from '../../../kit/user-error.ts'
import { rigError } from '../errors.ts'
import { type ServerAddress, upCommand } from '../layout.ts'
import { isListening } from '../machine/ports.ts'
import { attempt } from '../machine/run.ts'
import { serverState, systemState } from './container.ts'

const BOOT_LIMIT_MS = 60_000
const POLL_MS = 100
const SSH_PORT = 22

/**
 * Returns once the server is up and sshd listens.
 * @throws UserError RIG_SERVER if it stops or does not get there within a minute
 */
export async function waitUntilBooted(rigId: number, server: ServerAddress): Promise<void> {
  const deadlineMs = Date.now() + BOOT_LIMIT_MS
  while (!(await isBooted(server))) {
    if ((await serverState(server)) !== 'running' || Date.now() > deadlineMs) throw await notBooted(rigId, server)
    await sleep(POLL_MS)
  }
}

async function isBooted(server: ServerAddress): Promise<boolean> {
  if (!(await isListening(server.ip, SSH_PORT))) return false
  return ['running', 'degraded'].includes(await systemState(server))
}

async function notBooted(rigId: number, server: ServerAddress): Promise<UserError> {
  const { ending } = await attempt(['docker', 'logs', '--tail', '20', server.container])
  const message = `the server ${server.host} did not boot (${await systemState(server)}):\n${ending}`
  return rigError('RIG_SERVER', message, `recreate it: ${upCommand(rigId, ` --fresh --suite ${server.name}`)}`)
}
