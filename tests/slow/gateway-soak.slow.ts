import { expect } from 'vitest'
import { soak } from '../helpers/gateway/soak.ts'
import { needing } from '../helpers/needs.ts'
import { compiledGateway } from '../helpers/process/compiled-package.ts'

const SECONDS = 3
const STREAMS = 60
/** Ten times what it takes on a machine that does nothing else. */
const TIME_LIMIT_MS = 90_000
const COMMAND = [process.execPath, compiledGateway()]

needing('/proc', process.platform === 'linux')(
  'clients that come and go at random leave one record each and no socket (short form of test:long)',
  async () => {
    const report = await soak({ command: COMMAND, streams: STREAMS, durationMs: SECONDS * 1_000, seed: 4 })
    expect(Object.keys(report.sent).length).toBeGreaterThan(5)
    expect(report).toMatchObject({ broken: [], missing: [], doubled: [], connections: 0 })
  },
  TIME_LIMIT_MS,
)
