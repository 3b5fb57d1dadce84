import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isoDay, MS_PER_DAY } from '../../kit/time.ts'
import { UserError } from '../../kit/user-error.ts'
import type { CreatedBundle } from '../bundle/create/create-bundle.ts'
import type { LogdbErrorCode } from '../error-table.ts'
import { findPartitions } from '../store/folder/partition-files.ts'
import type { StepContext } from './step.ts'
import { createVerifiedBundle } from './verified-bundle.ts'

/** A day gets its bundle when late records are no longer likely. Older days than these get none. */
export const FIRST_DAY_BACK = 2
const LAST_DAY_BACK = 8
const DAMAGED: LogdbErrorCode = 'BUNDLE_INVALID'

/** Makes a bundle of each recent day that has requests and no bundle yet. One that is damaged does not stop the others. */
export async function bundleStep(context: StepContext) {
  const made: CreatedBundle[] = []
  let failure: UserError | undefined
  for (let daysBack = LAST_DAY_BACK; daysBack >= FIRST_DAY_BACK; daysBack--) {
    try {
      made.push(...(await bundleOf(isoDay(Date.now() - daysBack * MS_PER_DAY), context)))
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== DAMAGED) throw error
      failure ??= error
    }
  }
  return {
    lines: made.map(({ path, sizeBytes, manifest }) => {
      return `auto: bundle ${path} requests=${manifest.counts?.requests ?? 0} bytes=${sizeBytes} verify=ok`
    }),
    result: made.map(({ path, sizeBytes }) => ({ path, bytes: sizeBytes })),
    failure,
  }
}

/** The bundle of a day, if it is missing. */
async function bundleOf(day: string, { from, out, bundles, settings }: StepContext): Promise<CreatedBundle[]> {
  const path = join(bundles, `day-${day}.tgz`)
  if (existsSync(path) || findPartitions(out, { since: day, to: day }).length === 0) return []
  const raw = settings.isRawBundled ? from : undefined
  const created = await createVerifiedBundle({ db: out, out: path, settings, raw, since: day, to: day })
  return created ? [created] : []
}
