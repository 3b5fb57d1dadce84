import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { type Daemon, stopDaemon } from './daemon.ts'
import { engineDown, engineVersion } from './engine.ts'
import { cacheDir, type Layout, rigLayout } from './layout.ts'
import { networkDown } from './network.ts'
import { dnsDaemon, pebbleDaemon } from './pebble.ts'
import { step } from './progress.ts'
import { registryDaemon } from './registry.ts'
import { serverDown } from './server.ts'
import { upstreamDaemon } from './upstream.ts'

/** Takes the rig down: servers, network and processes, and the engine if the rig started it. The cache stays. */
export async function down(id: number): Promise<void> {
  const layout = rigLayout(id)
  await step(`Taking rig ${id} down`, async () => {
    await Promise.all(daemonsOf(layout).map(stopDaemon))
    if (await engineVersion()) {
      await Promise.all(layout.servers.map(serverDown))
      await networkDown(layout)
    }
    await rm(layout.stateDir, { recursive: true, force: true })
  })
  await engineDown()
}

/** Deletes everything that rigs have cached. The next `up` starts from nothing. */
export async function purge(): Promise<void> {
  if (existsSync(cacheDir())) await step(`Deleting ${cacheDir()}`, () => rm(cacheDir(), { recursive: true }))
}

/** The processes of a rig on this machine. */
export function daemonsOf(layout: Layout): Daemon[] {
  const perServer = layout.servers.flatMap((server) => [pebbleDaemon(layout, server), dnsDaemon(layout, server)])
  return [registryDaemon(layout), upstreamDaemon(layout), ...perServer]
}
