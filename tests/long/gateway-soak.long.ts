import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { soak } from '../helpers/gateway/soak.ts'
import { needing } from '../helpers/needs.ts'

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 600)
const STREAMS = 500
/** A minute of the ten, or as much of a shorter run. */
const WINDOW_S = SECONDS / 10
const MOST_GROWTH = 1.1

needing('/proc', process.platform === 'linux')(
  `${STREAMS} streams for ${SECONDS} s with clients that leave at random: memory does not grow`,
  async () => {
    execFileSync('npm', ['run', 'build'], { cwd: packageRoot(), stdio: 'ignore' })
    const command = [process.execPath, join(packageRoot(), 'dist/proxy/main.js')]
    const report = await soak({ command, streams: STREAMS, durationMs: SECONDS * 1_000, seed: 4 })
    const tenths = Array.from({ length: 10 }, (_, at) =>
      mean(report.resident.slice(at * WINDOW_S, (at + 1) * WINDOW_S)),
    )
    const megabytes = tenths.map((bytes) => Math.round(bytes / 1e6)).join(' ')
    process.stdout.write(`${JSON.stringify(report.sent)}\nresident MB in each tenth of the time: ${megabytes}\n`)
    expect(report).toMatchObject({ broken: [], missing: [], doubled: [], connections: 0 })
    expect((tenths[9] ?? 0) / (tenths[1] ?? 0)).toBeLessThan(MOST_GROWTH)
  },
)

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
