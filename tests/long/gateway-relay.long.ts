import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { relayFlow } from '../helpers/gateway/relay-flow.ts'
import { needing } from '../helpers/needs.ts'

const MIB = 2 ** 20

needing('/proc', process.platform === 'linux')('1 GiB each way arrive unchanged, in constant memory', async () => {
  execFileSync('npm', ['run', 'build'], { cwd: packageRoot(), stdio: 'ignore' })
  const { up, down, growthBytes } = await relayFlow(
    [process.execPath, join(packageRoot(), 'dist/proxy/main.js')],
    1024 * MIB,
  )
  process.stdout.write(`memory of the gateway grew by ${Math.round(growthBytes / MIB)} MiB\n`)
  expect([up.arrived, up.logged]).toEqual([up.sent, up.keyed])
  expect([down.arrived, down.logged]).toEqual([down.sent, down.keyed])
  expect(growthBytes).toBeLessThan(128 * MIB)
})
