import { expectIdsLikePython } from '../../helpers/logdb/python/python-ids.ts'
import { pythonTest } from '../../helpers/logdb/sqlite-test.ts'

pythonTest('whatever a record holds, its row has the id that python3 computes', async () => {
  await expectIdsLikePython(7, 1000)
})
