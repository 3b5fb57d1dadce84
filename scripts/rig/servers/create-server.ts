import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { serverImage } from '../images/server/server-image.ts'
import { type Layout, OTHER_USERS, type ServerAddress } from '../layout.ts'
import { run } from '../machine/run.ts'
import { opsPassword, publicKey } from './keys.ts'

/** Makes a clean server with the rig's keys, and starts it. */
export async function createServer(layout: Layout, server: ServerAddress): Promise<void> {
  const image = await serverImage(server.name)
  await run(['docker', 'create', ...identityOptions(layout, server), ...systemdOptions(), image, ...initCommand()])
  await copyFiles(layout, server)
  await run(['docker', 'start', server.container])
  await giveHomes(layout, server)
}

function identityOptions({ network }: Layout, { name, container, ip }: ServerAddress): string[] {
  return ['--name', container, '--hostname', name, '--network', network, '--ip', ip]
}

/**
 * What systemd and a Docker engine need inside a container. `--privileged` would give more, but it fails on a machine
 * that lacks a capability itself.
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

/** With cgroup v1, systemd 256 and later refuse to boot without these arguments. */
function initCommand(): string[] {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return ['/sbin/init']
  const allowCgroup1 = ['systemd.legacy_systemd_cgroup_controller=1', 'SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1']
  return ['/sbin/init', 'systemd.unified_cgroup_hierarchy=0', ...allowCgroup1]
}

/** Copies files before the first boot: host keys, the users' key, and the registry that a Docker engine will use. */
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

/** Gives the users their home folders, and `ops` its password. */
async function giveHomes(layout: Layout, { container }: ServerAddress): Promise<void> {
  for (const user of OTHER_USERS) {
    await run(['docker', 'exec', container, 'chown', '--recursive', `${user}:${user}`, `/home/${user}`])
  }
  await run(['docker', 'exec', '--interactive', container, 'chpasswd'], { input: `ops:${opsPassword(layout)}\n` })
}
