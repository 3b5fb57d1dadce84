import type { FastifyReply, FastifyRequest } from 'fastify'
import { statsJson } from '../../../output/stats-json.ts'
import type { StatsGrouping } from '../../../verbs/stats/counting.ts'
import type { UiParts } from '../ui-parts.ts'
import { UiProblem } from '../ui-problem.ts'
import { type FilterQuery, filterQuestion, periodOf } from './list-question.ts'
import { GROUPINGS } from './schemas.ts'

const DEFAULT_FACET_RANGE = '30d'
const DEFAULT_GROUPINGS = 'day,model,key'

/** The same as `logdb stats --json`. */
export async function figures(request: FastifyRequest, _reply: FastifyReply, { gate, reader }: UiParts) {
  const access = gate.accessOf(request)
  const { by = DEFAULT_GROUPINGS, ...filters } = request.query as FilterQuery & { by?: string }
  const groupings = groupingsOf(by)
  const found = await reader.stats({ ...filterQuestion(filters), by: groupings }, access)
  return {
    ...statsJson(found, groupings),
    ...(found.damaged.length > 0 && { warnings: found.damaged.map(({ path, reason }) => `${path}: ${reason}`) }),
  }
}

function groupingsOf(text: string): StatsGrouping[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))]
  const unknown = names.find((name) => !GROUPINGS.includes(name as StatsGrouping))
  if (unknown === undefined) return names as StatsGrouping[]
  throw new UiProblem(400, `invalid grouping: ${unknown}`, { hint: `choose from ${GROUPINGS.join(', ')}` })
}

/** Without a range, the values of the last days. */
export async function facets(request: FastifyRequest, _reply: FastifyReply, { gate, reader }: UiParts) {
  const access = gate.accessOf(request)
  const { since = DEFAULT_FACET_RANGE, to } = request.query as Pick<FilterQuery, 'since' | 'to'>
  const found = await reader.facets(periodOf({ since, to }), access)
  const shown = Object.entries(found).map(([name, values]) => {
    return [name, values.map(({ value, label, requests }) => ({ value, label, count: requests }))]
  })
  return Object.fromEntries(shown)
}
