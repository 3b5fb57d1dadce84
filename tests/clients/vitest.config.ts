import { defineConfig } from 'vitest/config'

const MINUTE_MS = 60_000

/** Programs that are installed from npm and PyPI, against a gateway: `npm run test:clients`. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['tests/clients/programs/*.client.ts'],
    setupFiles: ['tests/helpers/setup.ts'],
    // Each of these programs wants a core for itself.
    fileParallelism: false,
    testTimeout: 5 * MINUTE_MS,
    hookTimeout: 5 * MINUTE_MS,
    slowTestThreshold: MINUTE_MS,
  },
})
