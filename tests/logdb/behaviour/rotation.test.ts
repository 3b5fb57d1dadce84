import { expectCutsHarmless, expectGrowthHarmless, expectRotationsHarmless } from '../../helpers/logdb/growth.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'

const TIMEOUT_MS = 60_000

sqliteTest(
  'logs that are renamed, copied, truncated, compressed and removed while they are read come in once',
  () => expectRotationsHarmless(3, 40),
  TIMEOUT_MS,
)

sqliteTest(
  'wherever a log is cut that is still written, the next run goes on there',
  () => expectCutsHarmless(149),
  TIMEOUT_MS,
)

sqliteTest(
  'a log that is read each time when it has grown a little comes in once',
  () => expectGrowthHarmless(47),
  TIMEOUT_MS,
)
