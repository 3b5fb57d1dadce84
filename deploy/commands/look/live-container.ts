import { deployError } from '../../errors.ts'
import type { Facts } from '../../server/facts.ts'
import { containerName } from '../../server/instance.ts'
import type { Context } from '../../session/context.ts'
import { commandLine } from '../../session/shown/command-line.ts'

/** Container of the release that is live. @throws UserError USAGE without one */
export function liveContainer(context: Context, { live }: Facts): string {
  if (live !== null) return containerName(live)
  throw deployError('USAGE', 'no gateway runs there yet', `deploy one: ${commandLine(context)}`)
}
