import { renderRoute } from '../../../templates/route.ts'
import { CommandFailed, run } from '../../host/host.ts'
import type { Change } from '../../plan/change.ts'
import * as docker from '../../remote/docker.ts'
import * as files from '../../remote/files.ts'
import { lastCounter } from '../../server/backup/backup-order.ts'
import { containerName, releaseOf } from '../../server/instance.ts'
import { GATEWAY_PORT } from '../../server/layout.ts'
import { renderState } from '../../server/state.ts'
import { putFile } from '../../server/transfer.ts'
import type { Definition, Server } from '../definition.ts'
import { awaitAnswer } from '../edge-answer.ts'
import { dropRouteCopies, routeUndo, writeRoute } from '../route-file.ts'

/** One rename moves all new requests; an answer with the new instance's name confirms it, and then it is recorded. */
export const switchOver: Definition<'switch'> = {
  describe: ({ instance, gateway, news }) => news.map((one) => describeNews(one, releaseOf(instance), gateway.domain)),
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
    await writeRoute(server, renderRoute({ domain, live: instance }, GATEWAY_PORT))
    await awaitAnswer(server, gateway, instance)
    await record(change, server)
    return `${releaseOf(instance)} answers for ${domain}`
  },
  undo: ({ gateway }, server) => routeUndo(server, gateway),
  settles: 'after',
}

function describeNews(news: Change<'switch'>['news'][number], release: string, domain: string): string {
  switch (news) {
    case 'domain':
      return `answer for ${domain}`
    case 'route':
      return `lead the edge to release ${release} again, for ${domain}`
    case 'record':
      return `record that ${release} answers`
  }
}

/** The route has moved, so what cannot be written now does not matter to clients: the next run records it. */
async function record({ instance, previous }: Change<'switch'>, server: Server): Promise<void> {
  const { host, layout, facts, now } = server
  const backups = lastCounter(facts) || undefined
  const live = { release: releaseOf(instance), instance }
  try {
    await dropRouteCopies(server)
    await putFile(
      host,
      layout.state,
      renderState({ version: 1, live, previous, backups, updatedAt: now.toISOString() }),
    )
    await run(host, 'point current to the release', files.pointTo(layout.current, `releases/${live.release}`))
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    server.warn(`${error.message}; the next run records it`)
  }
}
