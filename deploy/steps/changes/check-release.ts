import { randomBytes } from 'node:crypto'
import { renderRoute } from '../../../templates/route.ts'
import { deployError } from '../../errors.ts'
import { checkCompletions, checkReading } from '../../probe/checks.ts'
import { CANARY_HEADER } from '../../probe/probe.ts'
import { containerName } from '../../server/instance.ts'
import { GATEWAY_PORT } from '../../server/layout.ts'
import type { Definition } from '../definition.ts'
import { edgeProbe, untilAnswered } from '../edge-answer.ts'
import { routeUndo, writeRoute } from '../route-file.ts'

/** Sends requests with a secret header through the real edge to the new instance, before anybody else gets there. */
export const checkRelease: Definition<'check-release'> = {
  describe: () => [],
  title: 'Check it through the edge',
  async run({ instance, gateway }, server) {
    const { domain } = gateway
    const token = randomBytes(16).toString('hex')
    const canary = { instance, token, header: CANARY_HEADER }
    await writeRoute(server, renderRoute({ domain, live: server.facts.live, canary }, GATEWAY_PORT))
    const probe = edgeProbe(server, gateway, token)
    try {
      await untilAnswered(server, probe, instance)
      const problem = (await checkReading(probe, instance)) ?? (await checkCompletions(probe))
      if (problem !== null) throw unhealthy(instance, problem)
    } finally {
      await probe.close()
    }
    return 'It answers through the edge'
  },
  undo: ({ gateway }, server) => routeUndo(server, gateway),
}

function unhealthy(instance: string, problem: string) {
  return deployError(
    'RELEASE_UNHEALTHY',
    `the new release does not answer as it should: ${problem}`,
    `the previous release still answers; the container is kept: docker logs ${containerName(instance)}`,
  )
}
