import { readCheckedEnvironment } from '../../kit/gateway-config/checked-environment.ts'
import { decodeEnvironment } from '../../kit/gateway-config/env-file.ts'
import { gatewayVariables } from '../../kit/gateway-config/variables.ts'
import { parseDotenv } from '../../kit/settings/dotenv.ts'
import type { Environment } from '../../kit/settings/environment.ts'
import { gatewayUrl, type ServerSettings, serverSettings } from '../../templates/server-settings.ts'
import { deployError } from '../errors.ts'
import { run } from '../host/host.ts'
import { tagOf } from '../plan/make-plan.ts'
import type { Manifest } from '../plan/release.ts'
import type { Facts } from '../server/facts.ts'
import { containerName, releaseOf } from '../server/layout.ts'
import { report } from '../session/report.ts'
import type { Step } from '../session/run-steps.ts'
import * as cutover from '../steps/cutover.ts'
import { composeOf, firstApiKey, type Server } from '../steps/server.ts'
import { type Context, changeServer, confirm, type OpenServer, openServer } from './shared.ts'

/** Lets the release before answer again: its container is started if it was stopped; nothing is built or downloaded. */
export async function rollback(context: Context): Promise<void> {
  const { io, options } = context
  const open = await openServer(context)
  try {
    const { facts } = open
    const manifest = releaseBefore(facts)
    const environment = readCheckedEnvironment(facts.env ?? '', "the server's .env")
    const settings = serverSettings(environment, facts.edge.acmeCa !== null)
    const instance = cutover.chooseInstance(manifest.id, facts.containers)
    assertCanStart(manifest, instance, facts)
    const then = await gatewayEnvironment(open, manifest.id)
    const differing = differingNames(then, environment)
    const change = `let release ${manifest.id} answer again, instead of ${releaseOf(facts.live ?? '')}`
    const outcome = { url: gatewayUrl(settings), release: manifest.id, changes: [change] }
    io.err(`On ${options.host}:\n  - ${change}`)
    if (differing.length > 0) {
      io.err(`Note: it keeps the .env it was made with, which differs from today's in ${differing.join(', ')}.`)
    }
    if (options.dryRun || !(await confirm(context, open.asks, `Do this on ${options.host}?`))) {
      io.err('Nothing was changed.')
      report(context, open, { ...outcome, changed: false, times: [] })
      return
    }
    const times = await changeServer(context, {
      open,
      verb: 'rollback',
      release: manifest.id,
      steps: (server) => rollbackSteps(server, settings, instance, firstApiKey(then['API_KEYS'])),
    })
    report(context, open, { ...outcome, changed: true, times })
  } finally {
    await open.host.close()
  }
}

function rollbackSteps(server: Server, settings: ServerSettings, instance: string, apiKey: string | null): Step[] {
  const { facts, undo } = server
  const target: cutover.CutoverTarget = {
    ...server,
    settings,
    undo,
    compose: composeOf(facts).argv,
    apiKey,
    live: facts.live,
    state: facts.state,
    route: facts.route,
    containers: facts.containers,
  }
  return [
    { title: 'Start the release', enabled: true, run: () => cutover.startInstance(target, instance) },
    { title: 'Check it through the edge', enabled: true, run: () => cutover.checkThroughEdge(target, instance) },
    {
      title: 'Switch over',
      enabled: true,
      run: async () => {
        const done = await cutover.switchOver(target, instance)
        await cutover.commit(target, instance)
        return done
      },
    },
    { title: 'Retire the other release', enabled: true, run: () => cutover.retire(target, instance) },
  ]
}

/** The one that answered before the live one; by state.json, else the newest older one. */
function releaseBefore({ live, state, manifests }: Facts): Manifest {
  const liveRelease = live === null ? null : releaseOf(live)
  const recorded = state?.live.instance === live ? state?.previous?.release : state?.live.release
  const older = manifests
    .filter(({ id }) => liveRelease !== null && id < liveRelease)
    .sort((a, b) => (a.id < b.id ? 1 : -1))
  const found = manifests.find(({ id }) => id === recorded) ?? older[0]
  if (found) return found
  throw deployError(
    'NOTHING_TO_ROLL_BACK',
    liveRelease === null ? 'there is no release on the server yet' : `there is no release before ${liveRelease}`,
    'deploy first, or see --list-backups',
  )
}

/** Only a container or an image that is still there can be started. */
function assertCanStart({ id, image }: Manifest, instance: string, { containers, imageTags }: Facts): void {
  if (imageTags.includes(tagOf(image)) || containers.some(({ name }) => name === containerName(instance))) return
  throw deployError(
    'NOTHING_TO_ROLL_BACK',
    `the image ${image} of release ${id} is not on the server any more`,
    'bring a backup back, which builds it again: see --list-backups',
  )
}

/** What that release was made with and keeps, whatever .env says today. */
async function gatewayEnvironment({ host, layout }: OpenServer, release: string): Promise<Environment> {
  const path = `${layout.release(release)}/gateway.env`
  return decodeEnvironment(parseDotenv(await run(host, `read ${path}`, ['cat', path])).values)
}

/** Names of the gateway's settings whose value then is not today's. */
function differingNames(then: Environment, today: Environment): string[] {
  const names = gatewayVariables([...Object.keys(then), ...Object.keys(today)])
  return names.filter((name) => (then[name] ?? '') !== (today[name] ?? ''))
}
