import { expectDatesKept } from '../helpers/logdb/seeds/dates.ts'
import { expectRepeatsStored } from '../helpers/logdb/seeds/repeats.ts'
import { sqliteTest } from '../helpers/logdb/sqlite-test.ts'

const TIMEOUT_MS = 30 * 60_000

sqliteTest('100 histories of runs with dates take every record once', () => expectDatesKept(100), TIMEOUT_MS)

sqliteTest('100 logs of repeated messages are stored as they were sent', () => expectRepeatsStored(100), TIMEOUT_MS)
