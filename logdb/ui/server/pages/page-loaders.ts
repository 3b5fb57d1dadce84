import type { FastifyRequest } from 'fastify'
import type { DialogStep, PageData } from '../../app/page-data.ts'
import type { Access } from '../access/ui-keys.ts'
import type { UiParts } from '../ui-parts.ts'
import { pathOf, rowOfDetails } from './page-rows.ts'

/** Reads what a page shows. @throws UserError, UiProblem */
export type PageLoader = (request: FastifyRequest, access: Access, parts: UiParts) => Promise<PageData>

const HITS = 30
const MAX_SKIP = 3000

type Query = Record<string, string | undefined>

export async function dialogPage(request: FastifyRequest, access: Access, parts: UiParts): Promise<PageData> {
  const { id } = request.params as { id: string }
  const found = await parts.reader.dialog(id, access)
  parts.log.add('dialog', access, { address: request.ip, what: id })
  let until: DialogStep['until'] = { tokens: 0, cost: null }
  const steps = found.steps.map(({ facts, after, turns }, index) => {
    const { tokens_in, tokens_out, cost } = facts
    const tokens = until.tokens + (tokens_in ?? 0) + (tokens_out ?? 0)
    until = { tokens, cost: cost === null ? until.cost : (until.cost ?? 0) + cost }
    const continues = after === undefined || after === index - 1 ? undefined : after + 1
    return { row: rowOfDetails(facts), continues, turns, cost, until }
  })
  return { title: `Dialog ${id}`, kind: 'dialog', dialog: { id, steps, isCut: found.isCut } }
}

export async function searchPage(request: FastifyRequest, access: Access, parts: UiParts): Promise<PageData> {
  const { q = '', skip: skipText = '' } = request.query as Query
  const query = q.trim()
  const empty = { query, hits: [], next: undefined, warnings: [] }
  if (query === '') return { title: 'Search', kind: 'search', search: empty }
  const skip = /^\d{1,4}$/.test(skipText) ? Math.min(Number(skipText), MAX_SKIP) : 0
  const { hits, warnings } = await parts.reader.search({ query, skip, limit: HITS + 1 }, access)
  parts.log.add('search', access, { address: request.ip, what: query })
  const next = hits.length > HITS ? pathOf('/ui/search', { q: query, skip: String(skip + HITS) }) : undefined
  const shown = hits.slice(0, HITS).map(({ requestId, ts, role, modelOriginal, pieces }) => ({
    id: requestId,
    ts,
    role,
    model: modelOriginal ?? '',
    pieces,
  }))
  return { title: `Search ${query}`, kind: 'search', search: { query, hits: shown, next, warnings } }
}
