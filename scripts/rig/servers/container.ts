import { spawn } from 'node:child_process'
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
  const names = ['docker', 'ps', '--all', '--format', '{{.Names}}', '--filter', `name=^${discardedName(container)}`]
  const discarded = (await attempt(names)).stdout.split('\n').filter(Boolean)
  for (const name of [container, ...discarded]) await attempt(['docker', 'rm', '--force', '--volumes', name])
}

/** Frees the name and the address of the server at once. Deleting its disk takes a while, and continues without this process. */
export async function discardServer({ container }: ServerAddress): Promise<void> {
  await attempt(['docker', 'kill', container])
  const name = `${discardedName(container)}${Date.now()}`
  if (!(await attempt(['docker', 'rename', container, name])).ok) return
  spawn('docker', ['rm', '--force', '--volumes', name], { detached: true, stdio: 'ignore' }).unref()
}

function discardedName(container: string): string {
  return `${container}-discarded-`
}
