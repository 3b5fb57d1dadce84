import { isObject } from '../../../kit/json.ts'
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
const DAY_S = 86_400

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
  const count = before !== undefined && atS - before.atS < DAY_S ? before.count + 1 : 1
  const pauseS = BACK_OFF_S[Math.min(count, BACK_OFF_S.length) - 1] ?? 0
  const attempt = { ...name, count, atS, retryAtS: Math.max(atS + pauseS, retryAtS), says }
  return [...without(attempts, name), attempt]
}

export function without(attempts: readonly AcmeAttempt[], name: Name): AcmeAttempt[] {
  return attempts.filter((one) => one !== attemptFor(attempts, name))
}

/** A file that cannot be read is the same as no attempts. */
export function parseAcmeAttempts(text: string): AcmeAttempt[] {
  try {
    const value: unknown = JSON.parse(text)
    const attempts = isObject(value) && Array.isArray(value['attempts']) ? value['attempts'] : []
    return attempts.filter(
      (one) => isObject(one) && typeof one['retryAtS'] === 'number' && typeof one['atS'] === 'number',
    )
  } catch {
    return []
  }
}

export function renderAcmeAttempts(attempts: readonly AcmeAttempt[]): string {
  return `${JSON.stringify({ version: 1, attempts }, null, 2)}\n`
}
