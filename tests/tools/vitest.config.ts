import { defineConfig } from 'vitest/config'
import ordinary from '../vitest.config.ts'

/** Programs of others read what logdb writes; they are installed from PyPI when they are first needed. */
export default defineConfig({
  test: {
    ...ordinary.test,
    include: ['tests/tools/**/*.tools.ts'],
    exclude: [],
    hookTimeout: 600_000,
    testTimeout: 120_000,
  },
})
