import { UserError } from '../../kit/user-error.ts'
import { firstSecondOf, lastSecondOf, type Period } from '../days.ts'
import { type LogdbErrorCode, logdbError } from '../error-table.ts'
import type { RequestDetails } from '../store/partition/requests.ts'

/** What a session may see. */
export interface Scope extends Period {
  /** Folder of the log database. */
  out: string
  /** Hash or name of the only API key. */
  key?: string | undefined
  /** False: neither what was said nor whether a word was said. */
  hasBodies: boolean
}

/** What a tool was asked for; it cannot widen the scope. */
interface Asked extends Period {
  key?: string | undefined
}

/** The range and the key that apply. @throws UserError USAGE for another key than the one of the scope */
export function within(scope: Scope, { since, to, key }: Asked): Asked {
  if (scope.key !== undefined && key !== undefined && key !== scope.key) {
    throw logdbError('USAGE', `this session sees only the key ${scope.key}`, 'leave key out')
  }
  return { since: later(scope.since, since), to: earlier(scope.to, to), key: scope.key ?? key }
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return firstSecondOf(a) > firstSecondOf(b) ? a : b
}

function earlier(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return lastSecondOf(a) < lastSecondOf(b) ? a : b
}

/** True for a request that the session may see. */
export function isWithin({ since, to, key }: Scope, { ts, api_key_hash, api_key_name }: RequestDetails): boolean {
  if (since !== undefined && ts < firstSecondOf(since)) return false
  if (to !== undefined && ts > lastSecondOf(to)) return false
  return key === undefined || key === api_key_hash || key === api_key_name
}

export function notFound(id: string): UserError {
  return logdbError('REQUEST_NOT_FOUND', `this session sees no request or dialog ${id}`, 'find ids with the tool list')
}

const AMBIGUOUS: LogdbErrorCode = 'REQUEST_AMBIGUOUS'

/** An error that names no request outside of the scope. */
export function withoutOthers(error: unknown, id: string): unknown {
  if (!(error instanceof UserError) || error.code !== AMBIGUOUS) return error
  return logdbError(AMBIGUOUS, `${id} fits several requests`, 'give more of the id')
}
