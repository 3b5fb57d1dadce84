import { basename } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { LANES } from './lanes.ts'

const MINUTE_MS = 60_000
const ORDER: readonly string[] = Object.values(LANES).flat()

class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = ORDER.indexOf(basename(moduleId))
      if (at < 0) throw new Error(`tests/e2e/lanes.ts does not say in which lane ${basename(moduleId)} runs`)
      return at
    }
    return [...files].sort((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['tests/e2e/**/*.e2e.ts'],
    setupFiles: ['tests/e2e/watch-secrets.ts'],
    // The files of a lane share one server, and each test continues from the state that the previous one left.
    fileParallelism: false,
    sequence: { sequencer: InOrder },
    testTimeout: 10 * MINUTE_MS,
    hookTimeout: 10 * MINUTE_MS,
    slowTestThreshold: MINUTE_MS,
  },
})
