import type { FastifyReply, FastifyRequest } from 'fastify'
import { hitFacts } from '../../../output/search-hits.ts'
import type { UiParts } from '../ui-parts.ts'
import { type FilterQuery, filterQuestion } from './list-question.ts'

interface SearchQuery extends FilterQuery {
  q: string
  role?: string
}

interface SearchPage {
  limit: number
  /** How many of the latest hits were on earlier pages. */
  cursor?: string
}

/** Messages that hold the words of a query, the latest first. */
export async function searchHits(request: FastifyRequest, _reply: FastifyReply, { gate, reader, log }: UiParts) {
  const access = gate.accessOf(request)
  const { q, role, limit, cursor = '0', ...filters } = request.query as SearchQuery & SearchPage
  const skip = Number(cursor)
  const question = { ...filterQuestion(filters), query: q, role, skip, limit: limit + 1 }
  const { hits, warnings } = await reader.search(question, access)
  log.add('search', access, { address: request.ip, what: q })
  return {
    items: hits.slice(0, limit).map((hit) => ({ ...hitFacts(hit), pieces: hit.pieces })),
    nextCursor: hits.length > limit ? String(skip + limit) : null,
    ...(warnings.length > 0 && { warnings }),
  }
}
