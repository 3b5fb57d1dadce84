import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { soak } from '../helpers/gateway-soak.ts'
import { testWhere } from '../helpers/programs.ts'

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 600)
const STREAMS = 500
/** A minute of the ten, or as much of a shorter run. */
const WINDOW_S = SECONDS / 10
const MOST_GROWTH = 1.1

testWhere('needs /proc', process.platform === 'linux')(
  `${STREAMS} streams for ${SECONDS} s with clients that leave at random: memory does not grow`,
  async () => {
    execFileSync('npm', ['run', 'build'], { cwd: packageRoot(), stdio: 'ignore' })
    const command = [process.execPath, join(packageRoot(), 'dist/proxy/main.js')]
    const report = await soak({ command, streams: STREAMS, durationMs: SECONDS * 1_000, seed: 4 })
    const second = mean(report.resident.slice(WINDOW_S, 2 * WINDOW_S))
    const last = mean(report.resident.slice(-WINDOW_S))
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
    process.stdout.write(
      `${JSON.stringify(report.sent)}\nresident: second window ${megabytes(second)}, last ${megabytes(last)}, most ${megabytes(Math.max(...report.resident))}\nconnections left: ${report.connections}\n`,
    )
    expect(report).toMatchObject({ broken: [], missing: [], doubled: [], connections: 0 })
    expect(last / second).toBeLessThan(MOST_GROWTH)
  },
)

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
