import { expect } from 'vitest'
import { relayFlow } from '../../helpers/gateway/relay-flow.ts'
import { needing } from '../../helpers/needs.ts'
import { compiledGateway } from '../../helpers/process/compiled-package.ts'

const MIB = 2 ** 20
const BYTES = 64 * MIB
const COMMAND = [process.execPath, compiledGateway()]

needing('/proc', process.platform === 'linux')(
  '64 MiB each way arrive unchanged, and the gateway never holds them (short form of test:long)',
  async () => {
    const { up, down, growthBytes } = await relayFlow(COMMAND, BYTES)
    expect([up.arrived, up.logged]).toEqual([up.sent, up.keyed])
    expect([down.arrived, down.logged]).toEqual([down.sent, down.keyed])
    // Its buffers take up to 60 MiB; what it held of both would come on top.
    expect(growthBytes).toBeLessThan(1.5 * BYTES)
  },
  60_000,
)
