import { defineConfig } from 'vitest/config'

const MINUTE_MS = 60_000

/** Soaks and long series of kills: `npm run test:long`. `npm run test:slow` has a short form of most. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['tests/long/**/*.long.ts'],
    passWithNoTests: true,
    // Each wants the machine for itself.
    fileParallelism: false,
    testTimeout: 60 * MINUTE_MS,
    hookTimeout: 10 * MINUTE_MS,
    slowTestThreshold: 10 * MINUTE_MS,
  },
})
