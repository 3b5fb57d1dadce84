import { expectCutsHarmless, expectGrowthHarmless, expectRotationsHarmless } from '../helpers/logdb/growth.ts'
import { sqliteTest } from '../helpers/logdb/sqlite-test.ts'

const TIMEOUT_MS = 30 * 60_000

sqliteTest(
  '200 histories of rotation come in once',
  async () => {
    await expectRotationsHarmless(150, 40)
    await expectRotationsHarmless(50, 150)
  },
  TIMEOUT_MS,
)

sqliteTest('a log that is cut at any byte comes in once', () => expectCutsHarmless(1), TIMEOUT_MS)

sqliteTest(
  'a log that is read after each byte that is written comes in once',
  () => expectGrowthHarmless(1),
  TIMEOUT_MS,
)
