import type { Facts } from '../server/facts.ts'
import { containerName } from '../server/instance.ts'
import type { LiveTrouble } from './change.ts'

/** Why the live release does not answer; null if it should. */
export function liveTrouble({ live, isLiveSilent, containers, missingFolders }: Facts): LiveTrouble | null {
  const container = containers.find(({ name }) => live !== null && name === containerName(live))
  if (container?.state === 'paused') return 'paused'
  if (container?.state !== 'running') return 'stopped'
  if (container.isStopping) return 'stopping'
  if (container.isDetached) return 'detached'
  if (missingFolders.includes('logs')) return 'logless'
  return isLiveSilent ? 'silent' : null
}
