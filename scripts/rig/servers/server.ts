import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readTextIfPresent } from '../../../kit/files.ts'
import type { Layout, ServerAddress } from '../layout.ts'
import { step } from '../machine/progress.ts'
import { run } from '../machine/run.ts'
import { waitUntilBooted } from './boot.ts'
import { containerId, discardServer, serverState } from './container.ts'
import { createServer } from './create-server.ts'

/** Makes sure that the server runs: starts a stopped one, and creates a missing one. `fresh` always creates a new one. */
export async function serverUp(layout: Layout, server: ServerAddress, { fresh }: { fresh: boolean }): Promise<void> {
  if (fresh || !(await isComplete(layout, server))) {
    await discardServer(server)
    return step(`Creating server ${server.host}`, () => newServer(layout, server))
  }
  if ((await serverState(server)) === 'stopped') await run(['docker', 'start', server.container])
  await waitUntilBooted(layout.id, server)
}

/** Restarts the server as a reboot does: /run is empty again, and enabled services start. */
export async function rebootServer(rigId: number, server: ServerAddress): Promise<void> {
  await run(['docker', 'restart', '-t', '30', server.container])
  await waitUntilBooted(rigId, server)
}

async function newServer(layout: Layout, server: ServerAddress): Promise<void> {
  await createServer(layout, server)
  await waitUntilBooted(layout.id, server)
  writeFileSync(completeFile(layout, server), await containerId(server))
}

/** False for a server that an interrupted `up` left, and for one whose keys were deleted with the state folder. */
async function isComplete(layout: Layout, server: ServerAddress): Promise<boolean> {
  const recordedId = readTextIfPresent(completeFile(layout, server))
  return recordedId !== undefined && recordedId === (await containerId(server))
}

/** Holds the id of the container once the server has booted for the first time. */
function completeFile({ stateDir }: Layout, { name }: ServerAddress): string {
  return join(stateDir, `${name}.container`)
}
