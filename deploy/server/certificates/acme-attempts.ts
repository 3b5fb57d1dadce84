import { isObject, parseObject } from '../../../kit/json.ts'
import { S_PER_DAY } from '../../../kit/time.ts'
import type { AcmeProblem } from './acme-problem.ts'

/** The last attempt at a certificate that failed, for one name at one CA. Times are seconds since 1970. */
export interface AcmeAttempt {
  domain: string
  /** Directory URL. */
  caServer: string
  /** How many attempts in a row have failed. */
  count: number
  atS: number
  /** The name is not asked for again before this time. */
  retryAtS: number
  says: string
}

/** After the first failure, the second, and so on: Let's Encrypt allows 5 failed validations of a name in an hour. */
const BACK_OFF_S = [120, 900, 1800, 3600]

type Name = Pick<AcmeAttempt, 'domain' | 'caServer'>

export function attemptFor(attempts: readonly AcmeAttempt[], { domain, caServer }: Name): AcmeAttempt | undefined {
  return attempts.find((one) => one.domain === domain && one.caServer === caServer)
}

/** The attempts with one more that has failed. */
export function withFailure(
  attempts: readonly AcmeAttempt[],
  name: Name,
  { says, retryAtS = 0 }: AcmeProblem,
  atS: number,
): AcmeAttempt[] {
  const before = attemptFor(attempts, name)
  const count = before !== undefined && atS - before.atS < S_PER_DAY ? before.count + 1 : 1
  const pauseS = BACK_OFF_S[Math.min(count, BACK_OFF_S.length) - 1] ?? 0
  const attempt = { ...name, count, atS, retryAtS: Math.max(atS + pauseS, retryAtS), says }
  return [...without(attempts, name), attempt]
}

export function without(attempts: readonly AcmeAttempt[], name: Name): AcmeAttempt[] {
  return attempts.filter((one) => one !== attemptFor(attempts, name))
}

/** A file that cannot be read is the same as no attempts. */
export function parseAcmeAttempts(text: string): AcmeAttempt[] {
  const attempts = parseObject(text)?.['attempts']
  return Array.isArray(attempts) ? attempts.filter(isAttempt) : []
}

function isAttempt(value: unknown): value is AcmeAttempt {
  return isObject(value) && typeof value['retryAtS'] === 'number' && typeof value['atS'] === 'number'
}

export function renderAcmeAttempts(attempts: readonly AcmeAttempt[]): string {
  return `${JSON.stringify({ version: 1, attempts }, null, 2)}\n`
}
