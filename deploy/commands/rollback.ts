import { readEnvironment, renderEnvFile } from '../../kit/gateway-config/environment.ts'
import { gatewayUrl, type ServerSettings, serverSettings } from '../config/server-settings.ts'
import * as cutover from '../cutover.ts'
import { deployError } from '../errors.ts'
import type { Facts } from '../facts.ts'
import { run } from '../host/host.ts'
import { releaseOf } from '../layout.ts'
import type { Manifest } from '../release.ts'
import { composeOf, firstApiKey, type Server } from '../server.ts'
import type { Step } from '../steps.ts'
import { type Context, changeServer, confirm, type OpenServer, openServer } from './shared.ts'

/** Lets the release before answer again: its container is started if it was stopped; nothing is built or downloaded. */
export async function rollback(context: Context): Promise<void> {
  const { io, options } = context
  const open = await openServer(context)
  try {
    const { facts } = open
    const manifest = releaseBefore(facts)
    const environment = readEnvironment(facts.env ?? '', "the server's .env")
    const settings = serverSettings(environment, facts.edge.acmeCa !== null)
    const instance = cutover.chooseInstance(manifest.id, facts.containers)
    const differing = await differingNames(open, manifest.id, environment)
    io.err(
      `On ${options.host}:\n  - let release ${manifest.id} answer again, instead of ${releaseOf(facts.live ?? '')}`,
    )
    if (differing.length > 0) {
      io.err(`Note: it keeps the .env it was made with, which differs from today's in ${differing.join(', ')}.`)
    }
    if (options.dryRun) return void io.err('Nothing was changed (--dry-run).')
    if (!(await confirm(context, open.asks, `Do this on ${options.host}?`))) return void io.err('Nothing was changed.')
    const times = await changeServer(context, {
      open,
      verb: 'rollback',
      release: manifest.id,
      steps: (server) => rollbackSteps(server, settings, instance, environment['API_KEYS']),
    })
    if (options.json) {
      io.out(
        JSON.stringify({
          ok: true,
          changed: true,
          url: gatewayUrl(settings),
          release: manifest.id,
          ...open.host.counts,
          steps: [...open.times, ...times],
        }),
      )
    } else io.out(gatewayUrl(settings))
  } finally {
    await open.host.close()
  }
}

function rollbackSteps(
  server: Server,
  settings: ServerSettings,
  instance: string,
  apiKeys: string | undefined,
): Step[] {
  const { facts, undo } = server
  const target: cutover.CutoverTarget = {
    ...server,
    settings,
    undo,
    compose: composeOf(facts).argv,
    apiKey: firstApiKey(apiKeys),
    live: facts.live,
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
        await cutover.commit(target, instance, server.now)
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

/** Names of gateway settings whose value in that release is not today's. */
async function differingNames(
  { host, layout }: OpenServer,
  release: string,
  today: Record<string, string>,
): Promise<string[]> {
  const path = `${layout.release(release)}/gateway.env`
  const then = new Set((await run(host, `read ${path}`, ['cat', path])).split('\n'))
  const now = new Set(renderEnvFile(today).split('\n'))
  const lines = [...[...then].filter((line) => !now.has(line)), ...[...now].filter((line) => !then.has(line))]
  return [
    ...new Set(lines.map((line) => line.split('=')[0]?.replace(/_BASE64$/, '') ?? '').filter((name) => name !== '')),
  ]
}
