import { expectCutsHarmless, expectGrowthHarmless, expectRotationsHarmless } from '../helpers/logdb/growth.ts'
import { sqliteTest } from '../helpers/logdb/sqlite-test.ts'

const TIMEOUT_MS = 30 * 60_000

sqliteTest(
  'the records of 200 histories of rotation are stored once',
  async () => {
    await expectRotationsHarmless(150, 40)
    await expectRotationsHarmless(50, 150)
  },
  TIMEOUT_MS,
)

sqliteTest('a log that is cut at any byte is stored once', () => expectCutsHarmless(1), TIMEOUT_MS)

sqliteTest('a log that is read after each written byte is stored once', () => expectGrowthHarmless(1), TIMEOUT_MS)
