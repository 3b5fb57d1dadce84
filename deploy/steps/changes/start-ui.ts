import { deployError } from '../../errors.ts'
import { CommandFailed, run } from '../../host/host.ts'
import { composeUp } from '../../remote/docker.ts'
import { makeUiFolders, removeUi, waitForUi } from '../../remote/logdb/release-ui.ts'
import { liveRelease } from '../../server/facts.ts'
import { UI_PORT } from '../../server/layout.ts'
import { hasUi } from '../../server/manifest.ts'
import { putFile } from '../../server/transfer.ts'
import { composeOf } from '../compose.ts'
import type { Definition, Server } from '../definition.ts'

const PROJECT = 'ai-proxy-ui'
const READY_TIMEOUT_S = 60

/** Starts the Logs UI of a release in place of that of the previous one, which its undo brings back. */
export const startUi: Definition<'start-ui'> = {
  describe: ({ domain, release, isAgain }) => [
    `${isAgain ? 'replace the Logs UI by that' : 'start the Logs UI'} of release ${release}, at https://${domain}/ui/`,
  ],
  explain: () => ['for a moment its pages wait, and everybody logs in again; LOGUI=false turns it off'],
  title: 'Start the Logs UI',
  async run(change, server) {
    try {
      await start(change.release, server)
      await putFile(server.host, server.layout.uiRoute, change.route)
    } catch (error) {
      if (!change.mayFail || !(error instanceof Error) || server.signal.aborted) throw error
      if (!(error instanceof CommandFailed) && !isUnhealthy(error)) throw error
      server.warn(`the Logs UI of release ${change.release} does not run: ${error.message}`)
      return 'The Logs UI does not run'
    }
    return `The Logs UI of ${change.release} answers`
  },
  undo: (_change, server) => ({ what: 'bring the previous Logs UI back', action: () => bringBack(server) }),
}

async function start(release: string, { host, layout, facts, signal }: Server): Promise<void> {
  await run(host, 'make the folders of the Logs UI', makeUiFolders(layout.folder))
  const file = `${layout.release(release)}/ui.yml`
  await run(host, 'start the Logs UI', composeUp({ compose: composeOf(facts).argv, project: PROJECT, file }), {
    signal,
  })
  const { exitCode, stdout } = await host.exec(waitForUi(UI_PORT, READY_TIMEOUT_S), { signal })
  if (exitCode === 0) return
  const says = `the Logs UI did not become ready within ${READY_TIMEOUT_S} s. Its last lines:\n${stdout.trimEnd()}`
  throw deployError('RELEASE_UNHEALTHY', says, 'the gateway still answers; LOGUI=false in .env deploys without it')
}

function isUnhealthy(error: Error): boolean {
  return 'code' in error && error.code === 'RELEASE_UNHEALTHY'
}

/** Where there was none, there is none again. */
async function bringBack(server: Server): Promise<void> {
  const { host, layout, facts } = server
  const live = liveRelease(facts)
  if (facts.ui.route === undefined || live === null || !hasUi(live.manifest)) {
    await run(host, 'remove the Logs UI', removeUi(layout.folder))
    return
  }
  await putFile(host, layout.uiRoute, facts.ui.route)
  const file = `${layout.release(live.manifest.id)}/ui.yml`
  await run(host, 'start the previous Logs UI', composeUp({ compose: composeOf(facts).argv, project: PROJECT, file }))
}
