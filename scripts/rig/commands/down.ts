import { existsSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RIG_LABEL } from '../images/base-image.ts'
import { cacheDir, type Layout, rigLayout } from '../layout.ts'
import { stopDaemon } from '../machine/daemon.ts'
import { ENGINE_FOLDER, engineDown, engineVersion, removeImages } from '../machine/engine.ts'
import { networkDown } from '../machine/network.ts'
import { step } from '../machine/progress.ts'
import { serverDown } from '../servers/container.ts'
import { allServices } from '../services/all-services.ts'

/**
 * Takes the rig down: servers, network and processes, and the engine if the rig started it. `purge` deletes the cache
 * too, so that the next `up` starts from nothing.
 */
export async function down(id: number, { purge }: { purge: boolean }): Promise<void> {
  const layout = rigLayout(id)
  await step(`Taking rig ${id} down`, () => takeDown(layout))
  if (purge) await step(`Deleting the cache in ${cacheDir()}`, deleteCache)
  await engineDown()
}

async function takeDown(layout: Layout): Promise<void> {
  await Promise.all(allServices(layout).map(stopDaemon))
  if (await engineVersion()) {
    await Promise.all(layout.servers.map(serverDown))
    await networkDown(layout)
  }
  await rm(layout.stateDir, { recursive: true, force: true })
}

async function deleteCache(): Promise<void> {
  if (await engineVersion()) await removeImages(RIG_LABEL)
  // Other rigs may be up. Their state and their engine stay.
  const names = existsSync(cacheDir()) ? readdirSync(cacheDir()) : []
  const cached = names.filter((name) => name !== ENGINE_FOLDER && !name.startsWith('state-'))
  await Promise.all(cached.map((name) => rm(join(cacheDir(), name), { recursive: true })))
}
