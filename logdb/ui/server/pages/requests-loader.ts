import type { FastifyRequest } from 'fastify'
import type { PageData } from '../../app/page-data.ts'
import { FILTER_NAMES, type Filters } from '../../app/requests/list-filters.ts'
import type { Access } from '../access/ui-keys.ts'
import { cursorOf, listQuestion } from '../api/list-question.ts'
import type { UiParts } from '../ui-parts.ts'
import { pathOf, rowOfListed } from './page-rows.ts'

const ROWS = 100
const MAX_VIEW_LENGTH = 300

/** The list of requests. @throws UserError, UiProblem */
export async function requestsPage(request: FastifyRequest, access: Access, { reader }: UiParts): Promise<PageData> {
  const query = request.query as Record<string, string | string[] | undefined>
  const textOf = (name: string) => [query[name]].flat()[0]?.trim() ?? ''
  const filters = Object.fromEntries(FILTER_NAMES.map((name) => [name, textOf(name)])) as Filters
  const set = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ''))
  const shown = ['columns', 'sort'].map((name) => [name, textOf(name).slice(0, MAX_VIEW_LENGTH)] as const)
  const view = Object.fromEntries(shown.filter(([, value]) => value !== ''))
  const cursor = textOf('cursor')
  const question = listQuestion({ ...set, limit: ROWS, ...(cursor !== '' && { cursor }) })
  const { requests, next, searchedTo, damaged } = await reader.list(question, access)
  const list = {
    filters,
    view,
    rows: requests.map(rowOfListed),
    cursor,
    next: next && pathOf('/ui/requests', { ...set, ...view, cursor: cursorOf(next) }),
    searchedTo,
    livePath: cursor === '' ? pathOf('/ui/v1/live', set) : undefined,
    warnings: damaged.map(({ path, reason }) => `${path}: ${reason}`),
  }
  return { title: 'Requests', kind: 'requests', list }
}
