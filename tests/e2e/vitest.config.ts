import { basename } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const MINUTE_MS = 60_000

/** The first ones need a server that is clean; the last one cleans it. Between them files continue from what is there. */
const FIRST = ['bookworm.e2e.ts', 'trixie.e2e.ts']
const LAST = ['backups.e2e.ts']

class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const name = basename(moduleId)
      if (FIRST.includes(name)) return FIRST.indexOf(name) - FIRST.length
      return LAST.includes(name) ? 1 : 0
    }
    return [...files].sort((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1))
  }
}

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['tests/e2e/**/*.e2e.ts'],
    // The files share one machine and one rig, and each test continues from the state that the previous one left.
    fileParallelism: false,
    sequence: { sequencer: InOrder },
    testTimeout: 10 * MINUTE_MS,
    hookTimeout: 10 * MINUTE_MS,
    slowTestThreshold: MINUTE_MS,
  },
})
