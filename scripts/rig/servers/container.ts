import type { ServerAddress } from '../layout.ts'
import { attempt } from '../machine/run.ts'

export type ServerState = 'absent' | 'stopped' | 'running'

export async function serverState({ container }: ServerAddress): Promise<ServerState> {
  const { ok, stdout } = await attempt(['docker', 'container', 'inspect', '--format', '{{.State.Running}}', container])
  if (!ok) return 'absent'
  return stdout.trim() === 'true' ? 'running' : 'stopped'
}

/** The state of the server as systemd names it: `running`, `degraded`, `starting` ... */
export async function systemState({ container }: ServerAddress): Promise<string> {
  return (await attempt(['docker', 'exec', container, 'systemctl', 'is-system-running'])).stdout.trim() || 'unknown'
}

/** @returns an empty text if there is no container */
export async function containerId({ container }: ServerAddress): Promise<string> {
  return (await attempt(['docker', 'container', 'inspect', '--format', '{{.Id}}', container])).stdout.trim()
}

/** Removes the server and its disk. */
export async function serverDown({ container }: ServerAddress): Promise<void> {
  await attempt(['docker', 'rm', '--force', '--volumes', container])
}
