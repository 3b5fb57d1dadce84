import { chmodSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, vi } from 'vitest'
import { packageRoot } from '../../../kit/package-root.ts'
import { compiledPackage } from '../process/compiled-package.ts'
import { sharedTempFolder } from '../temp-folder.ts'

/** The only image that `docker` has. */
export const IMAGE = 'ai-proxy:0123456789ab'

/**
 * While the tests of a file run, `docker` is a program that knows one image and runs its code here.
 * @returns the folder that is first on PATH
 */
export function useDockerThatRunsHere(): string {
  const programs = sharedTempFolder()
  beforeAll(() => {
    copyFileSync(join(packageRoot(), 'tests/helpers/server/fake-docker.sh'), join(programs, 'docker'))
    chmodSync(join(programs, 'docker'), 0o755)
    vi.stubEnv('PATH', `${programs}:${process.env['PATH']}`)
    vi.stubEnv('NODE_PATH', join(packageRoot(), 'node_modules'))
    vi.stubEnv('COMPILED', compiledPackage())
  })
  afterAll(() => vi.unstubAllEnvs())
  return programs
}
