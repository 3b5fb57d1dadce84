import { expect, test } from 'vitest'
import {
  type AcmeAttempt,
  attemptFor,
  parseAcmeAttempts,
  renderAcmeAttempts,
  withFailure,
  without,
} from '../../../../deploy/server/certificates/acme-attempts.ts'
import { acmeProblem } from '../../../../deploy/server/certificates/acme-problem.ts'

const NAME = { domain: 'llm.example.com', caServer: 'https://ca/dir' }
const problem = acmeProblem('no', NAME.domain)

test('a name waits longer after each failure, and at least as long as the CA says', () => {
  let attempts: AcmeAttempt[] = []
  const pauses = [1, 2, 3, 4, 5].map(() => {
    const atS = attemptFor(attempts, NAME)?.retryAtS ?? 1000
    attempts = withFailure(attempts, NAME, problem, atS)
    return (attemptFor(attempts, NAME)?.retryAtS ?? 0) - atS
  })
  expect(pauses).toEqual([120, 900, 1800, 3600, 3600])
  expect(attemptFor(withFailure(attempts, NAME, { ...problem, retryAtS: 1e6 }, 20_000), NAME)?.retryAtS).toBe(1e6)
  expect(attemptFor(withFailure(attempts, NAME, problem, 200_000), NAME)).toMatchObject({ count: 1, retryAtS: 200_120 })
})

test('each name at each CA has its own, and they survive the file', () => {
  const other = { ...NAME, caServer: 'https://staging/dir' }
  const attempts = withFailure(withFailure([], NAME, problem, 10), other, problem, 20)
  expect(parseAcmeAttempts(renderAcmeAttempts(attempts))).toEqual(attempts)
  expect(without(attempts, NAME).map(({ caServer }) => caServer)).toEqual([other.caServer])
  for (const text of ['', '{', '[]', '{"attempts":[1,null,{}]}']) expect(parseAcmeAttempts(text)).toEqual([])
})
