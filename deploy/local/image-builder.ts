import { errorMessage } from '../../kit/user-error.ts'
import { deployError } from '../errors.ts'
import type { Argv } from '../host/argv.ts'
import { runLocally } from '../host/local-host.ts'

/** What builds images on this machine. */
export interface ImageBuilder {
  program: 'docker' | 'podman'
  /** What it runs without emulation, for example `linux/amd64`. */
  platform: string
}

/** How each of them is asked for its platform, which is that of a virtual machine on macOS. */
const CANDIDATES: Record<ImageBuilder['program'], Argv> = {
  docker: ['docker', 'version', '--format', '{{.Server.Os}}/{{.Server.Arch}}'],
  podman: ['podman', 'info', '--format', '{{.Host.OS}}/{{.Host.Arch}}'],
}

/** Docker if its engine answers, else Podman. @throws UserError BUILD_FAILED */
export async function findImageBuilder(): Promise<ImageBuilder> {
  const problems: string[] = []
  for (const program of ['docker', 'podman'] as const) {
    const { exitCode, stdout, stderr } = await runLocally(CANDIDATES[program]).catch((error) => ({
      ...{ exitCode: 1, stdout: '', stderr: errorMessage(error) },
    }))
    const platform = stdout.trim()
    if (exitCode === 0 && /^linux\/\w+$/.test(platform)) return { program, platform }
    problems.push(`${program}: ${(stderr.trim() || platform).split('\n').at(-1)}`)
  }
  throw deployError(
    'BUILD_FAILED',
    `no image can be built on this machine:\n${problems.join('\n')}`,
    'start Docker or Podman here, or leave --build local out: the server builds the image then',
  )
}
