import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sleep } from 'zx'
import { UserError } from '../../../kit/user-error.ts'
import { serverImage } from '../images/server/server-image.ts'
import type { Layout, ServerAddress } from '../layout.ts'
import { isListening } from '../machine/daemon.ts'
import { step } from '../machine/progress.ts'
import { attempt, run } from '../machine/run.ts'
import { idOption } from '../rig-file.ts'
import { opsPassword, publicKey } from './keys.ts'
import { OTHER_USERS } from './ssh-config.ts'

const BOOT_LIMIT_MS = 60_000
const POLL_MS = 100
const SSH_PORT = 22

export type ServerState = 'absent' | 'stopped' | 'running'

/** Makes sure that the server runs: as it is, started again, or new; `fresh` always makes a new one. */
export async function serverUp(layout: Layout, server: ServerAddress, { fresh }: { fresh: boolean }): Promise<void> {
  if (fresh || !(await isWhole(layout, server))) {
    await serverDown(server)
    return step(`Making server ${server.host}`, () => createServer(layout, server))
  }
  if ((await serverState(server)) === 'stopped') await run(['docker', 'start', server.container])
  await waitUntilBooted(layout.id, server)
}

export async function serverState({ container }: ServerAddress): Promise<ServerState> {
  const { ok, stdout } = await attempt(['docker', 'container', 'inspect', '--format', '{{.State.Running}}', container])
  if (!ok) return 'absent'
  return stdout.trim() === 'true' ? 'running' : 'stopped'
}

/** Restarts the server as a reboot does: everything in /run is gone, what is enabled comes back. */
export async function rebootServer(rigId: number, server: ServerAddress): Promise<void> {
  await run(['docker', 'restart', '-t', '30', server.container])
  await waitUntilBooted(rigId, server)
}

/** Removes the server and its disk. */
export async function serverDown({ container }: ServerAddress): Promise<void> {
  await attempt(['docker', 'rm', '--force', '--volumes', container])
}

/** systemd's word for the server: `running`, `degraded`, `starting` ... */
export async function systemState({ container }: ServerAddress): Promise<string> {
  return (await attempt(['docker', 'exec', container, 'systemctl', 'is-system-running'])).stdout.trim() || 'unknown'
}

async function createServer(layout: Layout, server: ServerAddress): Promise<void> {
  const image = await serverImage(server.name)
  await run(['docker', 'create', ...identityOptions(layout, server), ...systemdOptions(), image, ...initCommand()])
  await copyFiles(layout, server)
  await run(['docker', 'start', server.container])
  await giveHomes(layout, server)
  await waitUntilBooted(layout.id, server)
  await writeFile(madeFile(layout, server), await containerId(server))
}

/** False for a server that an `up` left unfinished, or whose keys are gone with an earlier state folder. */
async function isWhole(layout: Layout, server: ServerAddress): Promise<boolean> {
  const made = madeFile(layout, server)
  return existsSync(made) && (await readFile(made, 'utf8')) === (await containerId(server))
}

function madeFile({ stateDir }: Layout, { name }: ServerAddress): string {
  return join(stateDir, `${name}.container`)
}

async function containerId({ container }: ServerAddress): Promise<string> {
  return (await attempt(['docker', 'container', 'inspect', '--format', '{{.Id}}', container])).stdout.trim()
}

function identityOptions({ network }: Layout, { name, container, ip }: ServerAddress): string[] {
  return ['--name', container, '--hostname', name, '--network', network, '--ip', ip]
}

/**
 * What systemd and a Docker engine of its own need in a container: all but `--privileged`, which fails on machines
 * that lack a capability themselves.
 */
function systemdOptions(): string[] {
  const capabilities = ['--cap-add', 'ALL', '--cap-drop', 'SYS_RESOURCE']
  const unconfined = ['seccomp', 'apparmor', 'systempaths'].flatMap((part) => ['--security-opt', `${part}=unconfined`])
  const cgroups = ['--cgroupns', 'host', '--volume', '/sys/fs/cgroup:/sys/fs/cgroup']
  const devices = ['--device-cgroup-rule', 'a *:* rwm']
  const disks = ['--volume', '/var/lib/docker', '--tmpfs', '/run', '--tmpfs', '/run/lock']
  const asContainer = ['--env', 'container=docker', '--stop-signal', 'SIGRTMIN+3']
  return [...capabilities, ...unconfined, ...cgroups, ...devices, ...disks, ...asContainer]
}

/** On a machine with cgroup v1, systemd from 256 on refuses to boot unless these words allow it. */
function initCommand(): string[] {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return ['/sbin/init']
  const allowCgroup1 = ['systemd.legacy_systemd_cgroup_controller=1', 'SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1']
  return ['/sbin/init', 'systemd.unified_cgroup_hierarchy=0', ...allowCgroup1]
}

/** Before the first boot: host keys, the key of its users, and the mirror that its Docker engine will use. */
async function copyFiles(layout: Layout, { container }: ServerAddress): Promise<void> {
  const root = await mkdtemp(join(layout.stateDir, 'files-'))
  try {
    await chmod(root, 0o755)
    await mkdir(join(root, 'etc/ssh'), { recursive: true })
    await run(['ssh-keygen', '-q', '-A', '-f', root])
    await mkdir(join(root, 'etc/docker'))
    await writeFile(join(root, 'etc/docker/daemon.json'), daemonJson(layout))
    for (const home of ['root', ...OTHER_USERS.map((user) => `home/${user}`)]) {
      await mkdir(join(root, home, '.ssh'), { recursive: true, mode: 0o700 })
      await chmod(join(root, home), 0o700)
      await writeFile(join(root, home, '.ssh/authorized_keys'), publicKey(layout), { mode: 0o600 })
    }
    await run(['docker', 'cp', `${root}/.`, `${container}:/`])
  } finally {
    await rm(root, { recursive: true })
  }
}

function daemonJson({ gateway, registryPort }: Layout): string {
  const registry = `${gateway}:${registryPort}`
  const config = { 'registry-mirrors': [`http://${registry}`], 'insecure-registries': [registry] }
  return `${JSON.stringify(config, null, 2)}\n`
}

async function giveHomes(layout: Layout, { container }: ServerAddress): Promise<void> {
  for (const user of OTHER_USERS) {
    await run(['docker', 'exec', container, 'chown', '--recursive', `${user}:${user}`, `/home/${user}`])
  }
  await run(['docker', 'exec', '--interactive', container, 'chpasswd'], { input: `ops:${opsPassword(layout)}\n` })
}

async function waitUntilBooted(rigId: number, server: ServerAddress): Promise<void> {
  const deadlineMs = Date.now() + BOOT_LIMIT_MS
  while (!(await isBooted(server))) {
    if ((await serverState(server)) !== 'running' || Date.now() > deadlineMs) throw await notBooted(rigId, server)
    await sleep(POLL_MS)
  }
}

async function isBooted(server: ServerAddress): Promise<boolean> {
  if (!(await isListening(server.ip, SSH_PORT))) return false
  return ['running', 'degraded'].includes(await systemState(server))
}

async function notBooted(rigId: number, server: ServerAddress): Promise<UserError> {
  const { ending } = await attempt(['docker', 'logs', '--tail', '20', server.container])
  return new UserError('RIG_SERVER', `Server ${server.host} did not boot (${await systemState(server)}).\n${ending}`, {
    hint: `Make it anew with: npm run rig -- up --fresh --suite ${server.name}${idOption(rigId)}`,
  })
}
