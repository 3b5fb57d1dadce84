import { join } from 'node:path'
import { isoDay, MS_PER_DAY } from '../../kit/time.ts'
import type { CreatedBundle } from '../bundle/create/create-bundle.ts'
import { findPartitions } from '../store/folder/partition-files.ts'
import { readServerId } from '../store/folder/server-id.ts'
import { FIRST_DAY_BACK } from './bundle-step.ts'
import type { RoutineStep, StepContext } from './step.ts'
import { createVerifiedBundle } from './verified-bundle.ts'

/** With the server in it, since each run replaces its copy: that of another server in the same place stays. */
const RECENT_BUNDLE = /^recent-[\w.-]*\.tgz$/

/**
 * Makes a bundle of the days that have none of their own yet: without it, a lost server would take the requests of two days
 * with it. If nothing has changed, the file stays as it is.
 */
export const recentBundleStep: RoutineStep = {
  name: 'recent_bundle',
  staysHere: true,
  run: async (context) => {
    const made = await makeRecentBundle(context)
    return { lines: [], result: made ? { path: made.path, bytes: made.sizeBytes } : null }
  },
}

async function makeRecentBundle({ from, out, bundles, settings }: StepContext): Promise<CreatedBundle | undefined> {
  const since = isoDay(Date.now() - (FIRST_DAY_BACK - 1) * MS_PER_DAY)
  if (findPartitions(out, { since }).length === 0) return undefined
  const path = join(bundles, nameFor(settings.serverId ?? readServerId(out) ?? ''))
  const raw = settings.isRawBundled ? from : undefined
  return createVerifiedBundle({ db: out, out: path, settings, raw, since })
}

function nameFor(serverId: string): string {
  return `recent-${serverId.replace(/[^\w.-]/g, '-')}.tgz`
}

export function isRecentBundle(name: string): boolean {
  return RECENT_BUNDLE.test(name)
}
