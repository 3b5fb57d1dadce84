import { type Terminal, withoutControls } from '../../kit/cli/terminal.ts'
import type { UserError } from '../../kit/user-error.ts'
import { counted } from '../counted.ts'
import { logdbError } from '../error-table.ts'
import type { DamagedPartition } from '../store/sqlite/damage.ts'

/** For a database of the predecessor that a verb cannot read. */
export function foreignWarning(path: string): string {
  return `${path}: was made by the predecessor and is skipped; run logdb convert`
}

/** For a partition that a verb skipped. */
function damagedWarning({ path, reason }: DamagedPartition): string {
  return reason.startsWith(path) ? `skipped: ${reason}` : `skipped: ${path}: ${reason}`
}

/**
 * Prints the warnings of a verb that skipped partitions, and gives what its ending needs.
 * @param others warnings that come first
 */
export function skipping(
  damaged: readonly DamagedPartition[],
  { err }: Terminal,
  others: readonly string[] = [],
): { warnings: string[]; failure: UserError | undefined } {
  const warnings = [...others, ...damaged.map(damagedWarning)]
  for (const warning of warnings) err(`${withoutControls(warning)}\n`)
  return { warnings, failure: damagedFailure(damaged) }
}

/** Why a verb that skipped partitions still fails; undefined if it skipped none. */
function damagedFailure(damaged: readonly DamagedPartition[]): UserError | undefined {
  if (damaged.length === 0) return undefined
  const skipped = counted(damaged.length, 'damaged partitions were skipped', 'damaged partition was skipped')
  const message = `${skipped}, so the result is not complete`
  const hint =
    'restore them from a backup, or move them away and run: logdb reapply && logdb ingest, which reads their logs again where they still exist'
  return logdbError('PARTITIONS_DAMAGED', message, hint)
}
