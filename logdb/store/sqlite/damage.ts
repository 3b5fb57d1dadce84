import { errorMessage, hasErrorCode, UserError } from '../../../kit/user-error.ts'
import { type LogdbErrorCode, logdbError } from '../../error-table.ts'

/**
 * A partition that cannot be read.
 * @example
 * const line = ({ path, reason }: DamagedPartition) => `${path}: ${reason}`
 */
export interface DamagedPartition {
  path: string
  reason: string
}

const DAMAGED: LogdbErrorCode = 'DATABASE_DAMAGED'

/** True for damage of one database, which says nothing about others. */
export function isDamage(error: unknown): boolean {
  return (error instanceof UserError && error.code === DAMAGED) || hasErrorCode(error, 'ENOENT')
}

/** Runs `read`; if the partition is damaged, it is added to the list and the result is undefined. */
export function unlessDamaged<T>(damaged: DamagedPartition[], path: string, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!isDamage(error)) throw error
    if (!damaged.some((one) => one.path === path)) damaged.push({ path, reason: errorMessage(error) })
    return undefined
  }
}

/** @throws UserError DATABASE_DAMAGED if none of the partitions of a range can be read */
export function requireReadable(damaged: readonly DamagedPartition[], count: number): void {
  const [first] = damaged
  if (first && damaged.length === count) throw logdbError(DAMAGED, first.reason, DAMAGED_HINT)
}

const DAMAGED_HINT =
  'restore it from a backup, or move it away and run: logdb reapply && logdb ingest, which reads its logs again where they still exist'

export function damagedPartition(path: string, reason: string): UserError {
  return logdbError(DAMAGED, `${path} is damaged: ${reason}`, DAMAGED_HINT)
}
