import type { Change } from '../../plan/change.ts'
import { releaseDifferences } from '../../plan/differences/release-differences.ts'
import { liveRelease } from '../../server/facts.ts'
import { environmentOf } from '../../steps/release-environment.ts'
import type { OpenServer } from '../open-server.ts'

/** What a plan changes in the release that answers; nothing is read if no new one replaces it. */
export async function readDifferences(
  { connection: { host }, layout, facts }: OpenServer,
  changes: readonly Change[],
): Promise<string[]> {
  const upload = changes.find((change) => change.kind === 'upload-release')
  const live = liveRelease(facts)
  if (upload === undefined || live === null) return []
  const [{ exitCode, stdout }, environment] = await Promise.all([
    host.exec(['cat', `${layout.release(live.manifest.id)}/config.yml`]),
    environmentOf({ host, layout }, live.instance),
  ])
  const config = exitCode === 0 ? stdout : null
  return releaseDifferences({ manifest: live.manifest, config, environment }, upload.release)
}
