import { existsSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RIG_LABEL } from '../images/base-image.ts'
import { cacheDir, type Layout, rigLayout } from '../layout.ts'
import { type Daemon, stopDaemon } from '../machine/daemon.ts'
import { ENGINE_FOLDER, engineDown, engineVersion, removeImages } from '../machine/engine.ts'
import { networkDown } from '../machine/network.ts'
import { step } from '../machine/progress.ts'
import { serverDown } from '../servers/server.ts'
import { dnsDaemon, pebbleDaemon } from '../services/pebble.ts'
import { registryDaemon } from '../services/registry.ts'
import { upstreamDaemon } from '../services/upstream.ts'

/**
 * Takes the rig down: servers, network and processes, and the engine if the rig started it. The cache stays, unless
 * `purge` says that the next `up` is to start from nothing.
 */
export async function down(id: number, { purge }: { purge: boolean }): Promise<void> {
  const layout = rigLayout(id)
  await step(`Taking rig ${id} down`, () => takeDown(layout))
  if (purge) await step(`Deleting what is cached in ${cacheDir()}`, deleteCache)
  await engineDown()
}

async function takeDown(layout: Layout): Promise<void> {
  await Promise.all(daemonsOf(layout).map(stopDaemon))
  if (await engineVersion()) {
    await Promise.all(layout.servers.map(serverDown))
    await networkDown(layout)
  }
  await rm(layout.stateDir, { recursive: true, force: true })
}

async function deleteCache(): Promise<void> {
  if (await engineVersion()) await removeImages(RIG_LABEL)
  // Other rigs may be up; what they run on stays.
  const names = existsSync(cacheDir()) ? readdirSync(cacheDir()) : []
  const cached = names.filter((name) => name !== ENGINE_FOLDER && !name.startsWith('state-'))
  await Promise.all(cached.map((name) => rm(join(cacheDir(), name), { recursive: true })))
}

/** The processes of a rig on this machine. */
export function daemonsOf(layout: Layout): Daemon[] {
  const perServer = layout.servers.flatMap((server) => [pebbleDaemon(layout, server), dnsDaemon(layout, server)])
  return [registryDaemon(layout), upstreamDaemon(layout), ...perServer]
}
