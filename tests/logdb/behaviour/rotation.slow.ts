import { expectCutsHarmless, expectGrowthHarmless, expectRotationsHarmless } from '../../helpers/logdb/growth.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'

const TIMEOUT_MS = 60_000

sqliteTest(
  'logs that are renamed, copied, truncated, compressed and removed while they are read are stored once',
  () => expectRotationsHarmless(3, 40),
  TIMEOUT_MS,
)

sqliteTest(
  'a log that is still written may be cut anywhere: the next run continues there',
  () => expectCutsHarmless(149),
  TIMEOUT_MS,
)

sqliteTest(
  'a log that is read each time when it has grown a little is stored once',
  () => expectGrowthHarmless(47),
  TIMEOUT_MS,
)
