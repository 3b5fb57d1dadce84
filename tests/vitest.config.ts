import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/e2e/**', 'tests/long/**'],
    // Files share processes, so that each process loads a module once; tests leave no state behind.
    isolate: false,
    setupFiles: ['tests/helpers/setup.ts'],
    // Many tests wait for processes that they start, so one more than there are cores keeps all of them busy.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
