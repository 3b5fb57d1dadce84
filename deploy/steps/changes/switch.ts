import { isoDay } from '../../../kit/time.ts'
import { type FormerDomain, renderRoute } from '../../../templates/route.ts'
import { CommandFailed, run } from '../../host/host.ts'
import type { Change } from '../../plan/change.ts'
import * as docker from '../../remote/docker.ts'
import * as files from '../../remote/files.ts'
import { lastCounter } from '../../server/backup/backup-order.ts'
import { containerName, releaseOf } from '../../server/instance.ts'
import { GATEWAY_PORT } from '../../server/layout.ts'
import { renderState } from '../../server/state.ts'
import { putFile } from '../../server/transfer.ts'
import type { Definition, Server, Undo } from '../definition.ts'
import { awaitAnswer } from '../edge/edge-answer.ts'
import { dropRouteCopies, routeUndo, writeRoute } from '../route-file.ts'

/** One rename moves all new requests; an answer with the new instance's name confirms it, and then it is recorded. */
export const switchOver: Definition<'switch'> = {
  describe: (change) => change.news.map((one) => describeNews(one, change)),
  explain: ({ instance, previous, news }) =>
    news.length > 0 && previous?.instance === instance
      ? []
      : ['lead new requests to it with one rename of the route file'],
  title: 'Switch over',
  async run(change, server) {
    const { instance, gateway } = change
    const { domain } = gateway
    // Before the switch, so that a reboot at any moment finds the release that the route names.
    const keep = docker.restartPolicy(containerName(instance), 'unless-stopped')
    await run(server.host, 'keep the release across reboots', keep)
    const start = performance.now()
    await writeRoute(server, renderRoute({ ...gateway, live: instance }, GATEWAY_PORT))
    await awaitAnswer(server, gateway, instance)
    server.measured.switchedMs?.push(Math.round(performance.now() - start))
    await record(change, server)
    return `${releaseOf(instance)} answers for ${domain}`
  },
  undo: (change, server) => (change.isWatched ? wayBack(change, server) : routeUndo(server, change.gateway)),
  settles: 'after',
}

function describeNews(news: Change<'switch'>['news'][number], change: Change<'switch'>): string {
  const { instance, gateway, dropped = [] } = change
  const { domain, formerDomains = [] } = gateway
  const release = releaseOf(instance)
  switch (news) {
    case 'domain':
      return [`answer for ${domain}`, ...formerDomains.map(describeFormer)].join('; ')
    case 'dropped':
      return `stop answering for ${dropped.join(' and ')}`
    case 'certificate':
      return `let the edge ask for a certificate for ${domain} again`
    case 'route':
      return `lead the edge to release ${release} again, for ${domain}`
    case 'back':
      return `switch back to the container of release ${release} that answered before`
    case 'record':
      return `record that ${release} answers`
  }
}

function describeFormer({ domain, untilS }: FormerDomain): string {
  return `${domain} still answers too, until ${isoDay(untilS * 1000)} at least`
}

/** The route has moved, so what cannot be written now does not matter to clients: the next run records it. */
async function record({ instance, previous, isWatched }: Change<'switch'>, server: Server): Promise<void> {
  const { host, layout, facts, now } = server
  const backups = lastCounter(facts) || undefined
  const live = { release: releaseOf(instance), instance }
  try {
    const state = renderState({ version: 1, live, previous, backups, updatedAt: now.toISOString() })
    await allDone([
      // The copy is the way back of a release that is watched.
      isWatched ? undefined : dropRouteCopies(server),
      putFile(host, layout.state, state),
      run(host, 'point current to the release', files.pointTo(layout.current, `releases/${live.release}`)),
    ])
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    server.warn(`${error.message}; the next run records it`)
  }
}

/** The route first; what is recorded then only matters to the next run. */
function wayBack({ gateway }: Change<'switch'>, server: Server): Undo {
  const { host, layout, facts } = server
  const route = routeUndo(server, gateway)
  return {
    ...route,
    async action() {
      await route.action()
      try {
        if (facts.state !== null) await putFile(host, layout.state, renderState(facts.state))
        else await host.exec(files.removeTree(layout.state))
        if (facts.current !== null) await host.exec(files.pointTo(layout.current, facts.current))
      } catch (error) {
        if (!(error instanceof CommandFailed)) throw error
        server.warn(`${error.message}; the next run records it`)
      }
    },
  }
}

/** Waits for all of them, also when one fails. */
async function allDone(actions: (Promise<unknown> | undefined)[]): Promise<void> {
  const failed = (await Promise.allSettled(actions)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}
