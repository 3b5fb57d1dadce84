import { expect, test } from 'vitest'
import { askAtRandom } from '../../helpers/gateway/random-upstream.ts'

const REQUESTS = 300

test('whatever a provider does, no cut answer looks whole and no key gets out (short form of test:long)', async () => {
  const { outcomes } = await askAtRandom(12, (requests) => requests >= REQUESTS)
  expect(Object.keys(outcomes).sort()).toEqual(['ok', 'upstream_error', 'upstream_truncated'])
}, 60_000)
