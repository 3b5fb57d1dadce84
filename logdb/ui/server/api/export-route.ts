import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { csvLine } from '../../../csv.ts'
import type { ListPlace } from '../../../store/search/partition-list.ts'
import type { RequestItem } from '../../app/requests/request-item.ts'
import type { Access } from '../access/ui-keys.ts'
import type { UiParts } from '../ui-parts.ts'
import { UiProblem } from '../ui-problem.ts'
import { type FilterQuery, listQuestion } from './list-question.ts'
import { itemOf } from './listed-item.ts'

const ROWS = 500
const TYPES = { csv: 'text/csv; charset=utf-8', jsonl: 'application/jsonl; charset=utf-8' } as const
/** Spreadsheets run a text that begins like this. */
const FORMULA = /^[=+\-@\t\r]/

/** Columns of CSV, in this order. */
const EXPORTED = [
  'request_id',
  'ts',
  'endpoint',
  'model_original',
  'model',
  'provider',
  'status_code',
  'outcome',
  'stream',
  'latency_ms',
  'ttfb_ms',
  'api_key_hash',
  'api_key_name',
  'tokens_in',
  'tokens_out',
  'tokens_cache_read',
  'tokens_reasoning',
  'dialog_id',
  'question',
] as const satisfies (keyof RequestItem)[]

type Format = keyof typeof TYPES

/** All requests that pass the filters, sent while they are read. What fails after the first lines breaks the connection. */
export async function exportList(request: FastifyRequest, reply: FastifyReply, parts: UiParts) {
  const access = parts.gate.accessOf(request)
  const { format = 'csv', ...filters } = request.query as FilterQuery & { format?: Format }
  const pages = pagesOf(filters, access, parts)
  const { value: first = [] } = await pages.next()
  parts.log.add('export', access, { address: request.ip, what: request.url })
  reply.type(TYPES[format]).header('content-disposition', `attachment; filename="requests.${format}"`)
  const text = textOf(first, { rest: pages, textFor: format === 'csv' ? csvLines : jsonLines })
  return reply.send(Readable.from(format === 'csv' ? withHead(text) : text))
}

type Page = readonly RequestItem[]

async function* pagesOf(filters: FilterQuery, access: Access, { reader }: UiParts): AsyncGenerator<Page, void> {
  let before: ListPlace | undefined
  do {
    const found = await reader.list({ ...listQuestion({ ...filters, limit: ROWS }), before }, access)
    const [damaged] = found.damaged
    if (damaged) {
      throw new UiProblem(409, `${damaged.path}: ${damaged.reason}`, {
        hint: 'restore this partition, or export the days before and after it',
      })
    }
    yield found.requests.map(itemOf)
    before = found.next
  } while (before)
}

/** The text of the first page, so that an error in it has a status, and of each of the others. */
async function* textOf(
  first: Page,
  { rest, textFor }: { rest: AsyncGenerator<Page, void>; textFor: (page: Page) => string },
): AsyncGenerator<string> {
  yield textFor(first)
  for await (const page of rest) yield textFor(page)
}

async function* withHead(text: AsyncGenerator<string>): AsyncGenerator<string> {
  yield csvLine(EXPORTED)
  yield* text
}

function jsonLines(page: Page): string {
  return page.map((item) => `${JSON.stringify(item)}\n`).join('')
}

function csvLines(page: Page): string {
  return page.map((item) => csvLine(EXPORTED.map((name) => cellOf(item[name])))).join('')
}

function cellOf(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return value === null ? '' : String(value)
  return FORMULA.test(value) ? `'${value}` : value
}
