import { existsSync } from 'node:fs'
import { which } from 'zx'
import type { UserError } from '../../../kit/user-error.ts'
import { rigError } from '../errors.ts'
import { step } from './progress.ts'
import { run } from './run.ts'

/** The commands that the rig runs on this machine, and the Debian packages that bring them. */
const NEEDED: { command: string; package: string }[] = [
  { command: 'docker', package: 'docker.io' },
  { command: 'dockerd', package: 'docker.io' },
  { command: 'iptables', package: 'iptables' },
  { command: 'mmdebstrap', package: 'mmdebstrap' },
  { command: 'pebble', package: 'pebble' },
  { command: 'pebble-challtestsrv', package: 'pebble' },
  { command: 'docker-registry', package: 'docker-registry' },
  { command: 'ssh', package: 'openssh-client' },
  { command: 'ssh-keygen', package: 'openssh-client' },
  { command: 'openssl', package: 'openssl' },
]

const ADMIN_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/**
 * Installs missing packages with apt.
 * @throws UserError RIG_PACKAGES that names them if they cannot be installed
 */
export async function installMissingPackages(): Promise<void> {
  const missing = await missingPackages()
  if (missing.length === 0) return
  if (process.getuid?.() !== 0 || !(await isInstalled('apt-get'))) throw cannotInstall(missing)
  const aptGet = ['apt-get', '-o', 'DPkg::Lock::Timeout=300']
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  await step(`Installing ${missing.join(', ')}`, async () => {
    await run([...aptGet, 'update'], { env })
    await run([...aptGet, 'install', '--yes', '--no-install-recommends', ...missing], { env })
  })
}

/** True if this command is on the PATH or in a folder that only root's PATH has. */
export async function isInstalled(command: string): Promise<boolean> {
  if (await which(command, { nothrow: true })) return true
  return ADMIN_FOLDERS.some((folder) => existsSync(`${folder}/${command}`))
}

async function missingPackages(): Promise<string[]> {
  const missing = new Set<string>()
  for (const needed of NEEDED) if (!(await isInstalled(needed.command))) missing.add(needed.package)
  return [...missing]
}

function cannotInstall(missing: string[]): UserError {
  const message = `the rig needs packages that are not installed: ${missing.join(', ')}`
  return rigError('RIG_PACKAGES', message, `as root on Debian or Ubuntu, run: apt-get install ${missing.join(' ')}`)
}
