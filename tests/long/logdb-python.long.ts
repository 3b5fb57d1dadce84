import { expectIdsLikePython } from '../helpers/logdb/python/python-ids.ts'
import { expectLikePython } from '../helpers/logdb/python/python-json.ts'
import { pythonTest } from '../helpers/logdb/sqlite-test.ts'

const ROUNDS = 15
const TEXTS = 20_000
const RECORDS = 2000

pythonTest(`${ROUNDS * TEXTS} random texts become what python3 makes of them`, () => {
  for (let seed = 1; seed <= ROUNDS; seed++) expectLikePython(seed, TEXTS)
})

pythonTest(`${ROUNDS * RECORDS} rows have the ids that python3 computes`, async () => {
  for (let seed = 1; seed <= ROUNDS; seed++) await expectIdsLikePython(seed, RECORDS)
})
