import { join } from 'node:path'
import { packageRoot } from '../../../kit/package-root.ts'
import type { Layout } from '../layout.ts'
import { type Daemon, startDaemon, waitUntilListening } from '../machine/daemon.ts'

/** Runs the mock upstream: the provider that deployed gateways send their requests to. */
export async function upstreamUp(layout: Layout): Promise<void> {
  const daemon = upstreamDaemon(layout)
  const main = join(packageRoot(), 'tests/helpers/gateway/mock-upstream.ts')
  startDaemon(daemon, [process.execPath, '--import', 'tsx', main, String(layout.upstreamPort), layout.gateway], {
    cwd: packageRoot(),
  })
  await waitUntilListening(daemon, layout.gateway, layout.upstreamPort)
}

export function upstreamUrl({ gateway, upstreamPort }: Layout): string {
  return `http://${gateway}:${upstreamPort}/v1`
}

export function upstreamDaemon({ stateDir }: Layout): Daemon {
  return { folder: stateDir, name: 'upstream' }
}
