import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { removeAbandoned } from '../../../kit/object-store/remove-abandoned.ts'
import { UserError } from '../../../kit/user-error.ts'
import { MANIFEST } from '../../bundle/format/manifest.ts'
import { bundleInvalid } from '../../bundle/verify/problems.ts'
import { verifyBundle } from '../../bundle/verify/verify-bundle.ts'
import type { LogdbErrorCode } from '../../error-table.ts'
import { isRecentBundle } from '../recent-bundle.ts'
import type { RoutineStep, StepContext } from '../step.ts'
import { type BundlePlace, keyOf, placeName, requireRoomAt, sendTo } from './bundle-place.ts'
import { SentBundles } from './sent-bundles.ts'

/** As bundleStep names them. */
const DAY_BUNDLE = /^day-\d{4}-\d\d-\d\d\.tgz$/
/** After these the next bundle would fail too. */
const ENDING: readonly LogdbErrorCode[] = ['REMOTE_UNREACHABLE', 'DISK_FULL']

/**
 * Copies the bundle of each day to a place, the oldest one first, unless it is there, and then that of the days without one.
 * Each is verified before; what belongs next to it is there first. A copy that was interrupted is continued by the next run.
 */
export function uploadStep(placeOf: () => Promise<BundlePlace>, minFreeBytes: number): RoutineStep {
  return {
    name: 'upload',
    staysHere: true,
    run: async (context) => upload(context, await placeOf(), minFreeBytes),
  }
}

async function upload({ bundles, signal }: StepContext, place: BundlePlace, minFreeBytes: number) {
  const sent = new SentBundles(bundles, placeName(place))
  const names = existsSync(bundles) ? readdirSync(bundles).filter(isCopied) : []
  const done: { name: string; bytes: number }[] = []
  const problems: string[] = []
  let failure: UserError | undefined
  for (const name of names.filter((one) => !sent.has(one)).sort()) {
    if (signal?.aborted) break
    try {
      await send(name, { bundles, signal, place, sent, minFreeBytes })
      done.push({ name, bytes: statSync(join(bundles, name)).size })
    } catch (error) {
      if (signal?.aborted) break
      if (!(error instanceof UserError)) throw error
      if (failure) problems.push(error.message)
      failure ??= error
      if (ENDING.some((code) => code === error.code)) break
    }
  }
  if (place.kind === 's3' && done.length > 0) {
    await removeAbandoned(place.store, { begin: keyOf(place, ''), isOurs: isCopied, continued: sent.startedIds() })
  }
  const lines = done.map(({ name, bytes }) => `auto: upload ${name} to ${placeName(place)} bytes=${bytes} verify=ok`)
  return { lines, result: done, problems, failure }
}

function isCopied(name: string): boolean {
  return DAY_BUNDLE.test(name) || isRecentBundle(name)
}

interface Sending {
  bundles: string
  signal: AbortSignal | undefined
  place: BundlePlace
  sent: SentBundles
  minFreeBytes: number
}

async function send(name: string, { bundles, signal, place, sent, minFreeBytes }: Sending): Promise<void> {
  const path = join(bundles, name)
  const { problems } = await verifyBundle({ path })
  if (problems.length > 0) throw bundleInvalid(path, problems)
  const names = [`${name}.${MANIFEST}`, name].filter((one) => existsSync(join(bundles, one)))
  const sizeBytes = names.reduce((sum, one) => sum + statSync(join(bundles, one)).size, 0)
  requireRoomAt(place, sizeBytes, minFreeBytes)
  for (const one of names) {
    const onPart = (started: Parameters<SentBundles['noteStarted']>[1]) => sent.noteStarted(one, started)
    const file = { path: join(bundles, one), name: one, mayReplace: isRecentBundle(name) }
    await sendTo(place, { ...file, started: sent.startedOf(one), onPart, signal })
  }
  sent.noteDone(name, names)
}
