import { expectRepeatsStored } from '../../helpers/logdb/seeds/repeats.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'

sqliteTest('whatever requests repeat of each other, each is stored as it was sent, under its id', () => {
  return expectRepeatsStored(6)
})
