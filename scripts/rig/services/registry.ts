import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { cacheDir, type Layout } from '../layout.ts'
import { type Daemon, startDaemon, stopDaemon, waitUntilListening } from '../machine/daemon.ts'
import { freePort, LOOPBACK } from '../machine/ports.ts'
import { run } from '../machine/run.ts'

/** Images are pushed into the cache once. All rigs serve the same images. */
export function registryDataDir(): string {
  return join(cacheDir(), 'registry')
}

/** Serves the images to the servers of the rig, read-only. */
export async function registryUp(layout: Layout): Promise<void> {
  const daemon = registryDaemon(layout)
  startRegistry(daemon, layout.gateway, layout.registryPort, { isReadOnly: true })
  await waitUntilListening(daemon, layout.gateway, layout.registryPort)
}

export function registryDaemon(layout: Layout): Daemon {
  return { folder: layout.stateDir, name: 'registry' }
}

/**
 * Pushes a local image under the name by which the servers pull it. Docker pushes without TLS only to loopback, so a
 * second registry listens there during the push.
 */
export async function pushToRegistry(image: string, reference: string): Promise<void> {
  const port = await freePort()
  const daemon = { folder: registryDataDir(), name: `push-${reference.replace(':', '-')}` }
  await stopDaemon(daemon)
  startRegistry(daemon, LOOPBACK, port, { isReadOnly: false })
  try {
    await waitUntilListening(daemon, LOOPBACK, port)
    const target = `${LOOPBACK}:${port}/library/${reference}`
    await run(['docker', 'tag', image, target])
    await run(['docker', 'push', '--quiet', target])
    await run(['docker', 'rmi', target])
  } finally {
    await stopDaemon(daemon)
  }
}

function startRegistry(daemon: Daemon, host: string, port: number, { isReadOnly }: { isReadOnly: boolean }): void {
  mkdirSync(daemon.folder, { recursive: true })
  const config = join(daemon.folder, `${daemon.name}.yml`)
  writeFileSync(
    config,
    stringify({
      version: '0.1',
      log: { level: 'warn', accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: join(registryDataDir(), 'data') },
        maintenance: { readonly: { enabled: isReadOnly } },
      },
      http: { addr: `${host}:${port}` },
    }),
  )
  startDaemon(daemon, ['docker-registry', 'serve', config])
}
