import { expectDatesKept } from '../../helpers/logdb/seeds/dates.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'

sqliteTest('each run takes exactly the records of its dates, whatever earlier runs left out', () => expectDatesKept(3))
