import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Folders in the order in which their tests run; all others come between them. */
const FIRST = ['tests/deploy/', 'tests/scripts/']
const LAST = ['tests/proxy/']

/**
 * The kernel copies the page tables of a process whenever it starts a program. With the memory that tests of the gateway
 * leave in theirs that takes ten times as long, so the tests that start thousands of programs run before those. They are also
 * the longest ones, and the short ones at the end keep all processes busy.
 */
class ProgramsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isIn = (folders: string[]) => (file: TestSpecification) =>
      folders.some((folder) => file.moduleId.includes(`/${folder}`))
    const rank = (file: TestSpecification) => Number(isIn(LAST)(file)) - Number(isIn(FIRST)(file))
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/e2e/**', 'tests/long/**'],
    // Files share processes, so that each process loads a module once; tests leave no state behind.
    isolate: false,
    sequence: { sequencer: ProgramsFirst },
    setupFiles: ['tests/helpers/setup.ts'],
    // Many tests wait for processes that they start, so one more than there are cores keeps all of them busy.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
