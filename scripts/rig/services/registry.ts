import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { cacheDir, type Layout } from '../layout.ts'
import { type Daemon, startDaemon, stopDaemon, waitUntilListening } from '../machine/daemon.ts'
import { run } from '../machine/run.ts'

const LOOPBACK = '127.0.0.1'

/** Images live in the cache and are pushed once; all rigs serve the same ones. */
export function registryDataDir(): string {
  return join(cacheDir(), 'registry')
}

/** Serves the images to the servers of the rig, read-only. */
export async function registryUp(layout: Layout): Promise<void> {
  const daemon = registryDaemon(layout)
  startRegistry(daemon, layout.gateway, layout.registryPort, { readOnly: true })
  await waitUntilListening(daemon, layout.gateway, layout.registryPort)
}

export function registryDaemon(layout: Layout): Daemon {
  return { folder: layout.stateDir, name: 'registry' }
}

/**
 * Pushes a local image under the name by which the servers pull it. Docker pushes without TLS to loopback only, so
 * that is where a registry listens for as long as the push takes.
 */
export async function pushToRegistry(image: string, reference: string): Promise<void> {
  const port = await freePort()
  const daemon = { folder: registryDataDir(), name: `push-${reference.replace(':', '-')}` }
  await stopDaemon(daemon)
  startRegistry(daemon, LOOPBACK, port, { readOnly: false })
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

function startRegistry(daemon: Daemon, host: string, port: number, { readOnly }: { readOnly: boolean }): void {
  mkdirSync(daemon.folder, { recursive: true })
  const config = join(daemon.folder, `${daemon.name}.yml`)
  writeFileSync(
    config,
    stringify({
      version: '0.1',
      log: { level: 'warn', accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: join(registryDataDir(), 'data') },
        maintenance: { readonly: { enabled: readOnly } },
      },
      http: { addr: `${host}:${port}` },
    }),
  )
  startDaemon(daemon, ['docker-registry', 'serve', config])
}

/** A port of loopback on which nothing listens. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, LOOPBACK, () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
