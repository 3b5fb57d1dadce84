import { expect, test } from 'vitest'
import { askAtRandom } from '../helpers/gateway/random-upstream.ts'

const SECONDS = Number(process.env['RANDOM_SECONDS'] ?? 600)
/** Each seed begins with a gateway of its own, because all records of one are read after each round. */
const REQUESTS_A_SEED = 2_000

test(`a provider that answers at random for ${SECONDS} s never makes a cut answer look whole`, async () => {
  const endsAtMs = performance.now() + SECONDS * 1_000
  const total: Record<string, number> = {}
  for (let seed = 1; performance.now() < endsAtMs; seed++) {
    const { outcomes } = await askAtRandom(
      seed,
      (requests) => requests >= REQUESTS_A_SEED || performance.now() >= endsAtMs,
    )
    for (const [outcome, count] of Object.entries(outcomes)) total[outcome] = (total[outcome] ?? 0) + count
  }
  process.stdout.write(`${JSON.stringify(total)}\n`)
  expect(Object.keys(total).sort()).toEqual(['ok', 'upstream_error', 'upstream_truncated'])
})
