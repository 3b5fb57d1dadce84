import type { ServerSettings } from '../../../../templates/server-settings.ts'
import type { Facts } from '../../../server/facts.ts'
import type { Pairs } from '../../../server/pairs.ts'
import { type Check, failed, passed } from '../../../session/shown/check-rows.ts'

/** Two releases run for a while; a build needs more. */
const MEMORY_FOR_RELEASE_MIB = 128
const MEMORY_FOR_BUILD_MIB = 700

/** Of memory and swap, in MiB; undefined where the kernel does not say. */
export function freeMemoryMib(readings: Pairs): number | undefined {
  const available = readings.one('available')
  if (available === undefined) return undefined
  return Math.floor((Number(available) + Number(readings.one('swap') ?? 0)) / 1024)
}

/** @param freeMib undefined where it is not known */
export function memoryCheck(
  { imageTags }: Facts,
  { gatewayImage }: ServerSettings,
  freeMib: number | undefined,
): Check<'memory'> {
  if (freeMib === undefined) return passed('memory', 'is not known')
  const isBuilt = imageTags.length === 0 && gatewayImage === null
  const neededMib = isBuilt ? MEMORY_FOR_BUILD_MIB : MEMORY_FOR_RELEASE_MIB
  if (freeMib >= neededMib) return passed('memory', `${freeMib} MiB available, with swap`)
  const elsewhere = isBuilt ? ', or build elsewhere: --build local, or --image REFERENCE' : ''
  const says = `${freeMib} MiB available with swap, and ${isBuilt ? 'a build' : 'a second release'} needs ${neededMib} MiB`
  return failed('memory', says, `stop other programs or add swap${elsewhere}`)
}
