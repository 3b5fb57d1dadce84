import { defineConfig } from 'vitest/config'
import ordinary from '../vitest.config.ts'

/**
 * Tests that take long, wherever they stand: whole deploys on stand-in servers, real SSH servers, disks that are full, large
 * data, and a short seeded form of what `npm run test:long` does at length.
 */
export default defineConfig({
  test: { ...ordinary.test, include: ['tests/**/*.slow.ts'], exclude: [], testTimeout: 120_000, hookTimeout: 120_000 },
})
