import { join } from 'node:path'
import { beforeAll, test } from 'vitest'
import { CHUNK_BYTES } from '../../logdb/transfer/far-side.ts'
import { cutAndContinue, randomFile, trustHostKey } from '../helpers/logdb/sent-files.ts'
import { seededRandom } from '../helpers/random.ts'
import { describeWithSshServer } from '../helpers/server/sshd.ts'
import { sharedTempFolder } from '../helpers/temp-folder.ts'

const TIMEOUT_MS = 120_000
const CUTS = 4
const source = randomFile(sharedTempFolder(), 'week.tgz', 5 * CHUNK_BYTES + 12_345, 1)

describeWithSshServer('over a real sshd', (server) => {
  beforeAll(() => trustHostKey(server()))

  test(
    `a file that is cut off at ${CUTS} random places arrives each time with the next run`,
    async () => {
      const random = seededRandom(7)
      for (let cut = 0; cut < CUTS; cut++) {
        const to = join(server().folder, `cut ${cut}.tgz`)
        await cutAndContinue({ source, destination: `server:${to}`, sshConfig: server().sshConfig }, to, random)
      }
    },
    TIMEOUT_MS,
  )
})
