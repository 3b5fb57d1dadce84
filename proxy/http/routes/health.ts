import type { FastifyInstance } from 'fastify'
import { packageVersion } from '../../../kit/package-root.ts'
import type { GatewayContext } from '../../context.ts'

/** /health: the process answers. /ready: it takes new work. Neither needs a key. */
export function healthRoutes(app: FastifyInstance, context: GatewayContext): void {
  const { settings, release, running } = context
  const health = {
    status: 'ok',
    version: packageVersion(),
    release,
    // Watched by users of the predecessor.
    script_tested: true,
    deployment_timestamp: settings.deployedAt ?? 'unknown',
  }
  app.get('/health', () => health)
  app.get('/ready', (_request, reply) => {
    if (running.draining) return reply.code(503).send({ status: 'draining', release })
    const { configProblem } = context
    return { status: 'ready', release, ...(configProblem !== null && { config_problem: configProblem }) }
  })
}
