import type { FastifyReply, FastifyRequest } from 'fastify'
import type { PageData } from '../../app/page-data.ts'
import { type Fact, TABS, type Tab } from '../../app/request/request-data.ts'
import { modelText } from '../../app/requests/request-item.ts'
import { requestPath } from '../../app/shown.ts'
import type { Access } from '../access/ui-keys.ts'
import type { Answer } from '../queries/queries.ts'
import type { UiParts } from '../ui-parts.ts'
import { UiProblem } from '../ui-problem.ts'
import { timingOf } from './request-timing.ts'

type Query = Record<string, string | undefined>
type View = NonNullable<Answer<'view'>>

const PARTS = {
  conversation: 'conversation',
  request: 'request',
  response: 'response',
  timing: 'timing',
  raw: 'timing',
} as const
const TITLE_LENGTH = 10
const INDENT = 2
const IMAGE_URL = /^data:(image\/[a-z]+);base64,/

export async function requestPage(request: FastifyRequest, access: Access, parts: UiParts): Promise<PageData> {
  const { id } = request.params as { id: string }
  const query = request.query as Query
  const tab = TABS.find((one) => one === query['tab']) ?? 'conversation'
  const turn = numberIn(query['turn'])
  const asked = { at: query['at'], from: numberIn(query['from']), turn, before: numberIn(query['before']) }
  const view = await parts.reader.view(id, { ...asked, part: PARTS[tab] }, access)
  const { request_id, endpoint } = view.facts
  parts.log.add('request', access, { address: request.ip, what: request_id })
  const title = `Request ${request_id.slice(0, TITLE_LENGTH)}`
  const shown = { id: request_id, tab, endpoint, facts: factsOf(view), timing: timingOf(view.facts) }
  return { title, kind: 'request', request: { ...shown, ...contentOf(view, tab, turn), ...neighboursOf(view) } }
}

/** The bytes of an image of a request. */
export async function sendImage(request: FastifyRequest, reply: FastifyReply, parts: UiParts): Promise<FastifyReply> {
  const access = parts.gate.sessionOf(request)
  if (!access) throw new UiProblem(401, 'log in first')
  const { id, number } = request.params as { id: string; number: string }
  const url = await parts.reader.image(id, numberIn(number) ?? 0, access)
  const [head = '', type = ''] = IMAGE_URL.exec(url) ?? []
  return reply.type(type).send(Buffer.from(url.slice(head.length), 'base64'))
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

function contentOf({ conversation, tree, facts }: View, tab: Tab, only: number | undefined) {
  if (tab === 'raw') return { record: JSON.stringify(facts, undefined, INDENT) }
  if (conversation) return { conversation: { ...conversation, ...(only !== undefined && { only }) } }
  return tree ? { tree } : {}
}

function neighboursOf({ neighbours: { previous, next } }: View): { previous?: string; next?: string } {
  return {
    ...(previous !== undefined && { previous: requestPath(previous) }),
    ...(next !== undefined && { next: requestPath(next) }),
  }
}

function factsOf({ facts, parameters, tools }: View): Fact[] {
  const { request_id, dialog_id, ts, timestamp, endpoint, provider, stream } = facts
  const dialog = dialog_id ?? request_id
  const all: Fact[] = [
    { name: 'Id', value: request_id },
    { name: 'Time', value: timestamp ?? new Date(ts * 1000).toISOString() },
    { name: 'Endpoint', value: joined([endpoint, provider, stream === 1 ? 'streamed' : null]) },
    { name: 'Model', value: modelText(facts.model_original, facts.model_mapped) },
    { name: 'Status', value: joined([facts.status_code, facts.outcome, facts.finish_reason]) },
    { name: 'Tokens', value: tokensText(facts) },
    { name: 'Key', value: joined([facts.api_key_name, facts.api_key_hash]) },
    {
      name: 'Dialog',
      value: dialog_id ?? 'requests that continue it',
      path: `/ui/dialogs/${encodeURIComponent(dialog)}`,
    },
    { name: 'Parameters', value: parameters.map(([name, json]) => `${name}=${json.slice(0, 80)}`).join('  ') },
    { name: 'Tools', value: tools.join(', ') },
    { name: 'Release', value: facts.release ?? '' },
  ]
  return all.filter(({ value }) => value !== '')
}

function joined(values: readonly (string | number | null)[]): string {
  return values.filter((value) => value !== null).join(' · ')
}

function tokensText(facts: View['facts']): string {
  const { tokens_in, tokens_out, tokens_cache_read, tokens_reasoning } = facts
  if (tokens_in === null && tokens_out === null) return ''
  const cached = tokens_cache_read ? ` (${tokens_cache_read} cached)` : ''
  const reasoning = tokens_reasoning ? ` (${tokens_reasoning} reasoning)` : ''
  return `${tokens_in ?? '?'} in${cached}, ${tokens_out ?? '?'} out${reasoning}`
}
