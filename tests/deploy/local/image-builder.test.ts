import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { findImageBuilder } from '../../../deploy/local/image-builder.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

/** This machine with these programs only, as scripts of sh. */
function machineWith(programs: Record<string, string>): void {
  const folder = tempFolder()
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  vi.stubEnv('PATH', folder)
  onTestFinished(() => void vi.unstubAllEnvs())
}

test('Docker builds where its engine answers', async () => {
  machineWith({ docker: 'echo linux/arm64', podman: 'echo linux/amd64' })
  expect(await findImageBuilder()).toEqual({ program: 'docker', platform: 'linux/arm64' })
})

test('Podman does where it does not', async () => {
  machineWith({ docker: 'echo "Cannot connect to the Docker daemon" >&2; exit 1', podman: 'echo linux/amd64' })
  expect(await findImageBuilder()).toEqual({ program: 'podman', platform: 'linux/amd64' })
})

test('without both the reasons are named', async () => {
  machineWith({ docker: 'echo "Cannot connect to the Docker daemon" >&2; exit 1' })
  await expect(findImageBuilder()).rejects.toMatchObject({
    code: 'BUILD_FAILED',
    message: expect.stringMatching(/docker: Cannot connect to the Docker daemon\npodman: .*ENOENT/),
  })
})
