import { pythonTest } from '../helpers/needs.ts'
import { expectIdsLikePython } from '../helpers/python-ids.ts'

pythonTest('whatever a record holds, its row has the id that python3 computes', async () => {
  await expectIdsLikePython(7, 1000)
})
