import type { FastifyInstance } from 'fastify'
import { packageVersion } from '../../../kit/package-root.ts'
import type { Readiness } from '../readiness.ts'

export interface HealthFacts {
  release: string
  deployedAt: string | undefined
  readiness: Readiness
}

/** GET /health: the process answers. GET /ready: it accepts new work. Neither needs a key. */
export function healthRoutes(app: FastifyInstance, { release, deployedAt, readiness }: HealthFacts): void {
  const health = {
    status: 'ok',
    version: packageVersion(),
    release,
    // Users of the predecessor watch these two.
    script_tested: true,
    deployment_timestamp: deployedAt ?? 'unknown',
  }
  app.get('/health', () => health)
  app.get('/ready', (_request, reply) => {
    const { isDraining, configProblem } = readiness
    if (isDraining) return reply.code(503).send({ status: 'draining', release })
    return { status: 'ready', release, ...(configProblem !== null && { config_problem: configProblem }) }
  })
}
