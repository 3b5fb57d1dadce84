import type { Colors } from '../../kit/cli/terminal.ts'
import { findDialog, findRequest } from '../conversation/find-requests.ts'
import { offeredTools, requestParameters } from '../conversation/parameters.ts'
import { Thread } from '../conversation/thread.ts'
import { parseBody, requestTurns, responseTurns } from '../conversation/turns.ts'
import { requestListText } from '../output/request-list.ts'
import { requestText, stepText } from '../output/request-text.ts'
import { hitText } from '../output/search-hits.ts'
import { statsText } from '../output/stats-text.ts'
import type { RequestDetails } from '../store/partition/requests.ts'
import { listRequests } from '../verbs/list/list.ts'
import { search } from '../verbs/search/search.ts'
import { parseQuery } from '../verbs/search/text-query.ts'
import type { StatsGrouping } from '../verbs/stats/counting.ts'
import { stats } from '../verbs/stats/stats.ts'
import { firstThatFit, framed, partOf } from './answer.ts'
import { type Arguments, cursorOf, filterOf, neededText, pageOf, textOf } from './arguments.ts'
import { isWithin, notFound, type Scope, within, withoutOthers } from './scope.ts'

/** What a tool works with. */
export interface Session {
  scope: Scope
  /** None. */
  colors: Colors
}

type Tool = (given: Arguments, session: Session) => Promise<string>

const SNIPPET_WORDS = 24
const GROUPINGS: readonly StatsGrouping[] = ['day', 'hour', 'model', 'key', 'provider', 'endpoint', 'outcome', 'status']

/** Each gives the text of its answer. They only read. */
export const TOOLS: Readonly<Record<string, Tool>> = { search: searchTool, list, show, dialog, stats: statsTool }

async function searchTool(given: Arguments, { scope, colors }: Session): Promise<string> {
  const { limit, skip } = pageOf(given)
  const filter = filterOf(given)
  const query = parseQuery(neededText(given, 'query'))
  const options = { ...filter, ...within(scope, filter), role: textOf(given, 'role'), query, limit: limit + 1, skip }
  const { hits } = await search(scope.out, { ...options, snippetWords: SNIPPET_WORDS })
  return listed(
    hits.map((hit) => hitText(hit, colors, 'UTC')),
    { limit, skip },
  )
}

async function list(given: Arguments, { scope, colors }: Session): Promise<string> {
  const { limit, skip } = pageOf(given)
  const filter = filterOf(given)
  const options = { ...filter, ...within(scope, filter), out: scope.out, limit: limit + 1, skip }
  const { requests } = await listRequests(options)
  const shown = requests.map((request) => (scope.hasBodies ? request : { ...request, question: undefined }))
  const look = { colors, columns: undefined, timeZone: 'UTC' }
  return listed(
    shown.map((request, index) => requestListText([request], { ...look, hasTitles: index === 0 })),
    { limit, skip },
  )
}

/** @param texts one more than `limit`, if there are more */
function listed(texts: readonly string[], { limit, skip }: { limit: number; skip: number }): string {
  const shown = firstThatFit(texts.slice(0, limit))
  const hasMore = shown.length < texts.length
  return framed(shown.join('') || 'nothing was found', hasMore ? String(skip + shown.length) : undefined)
}

async function show(given: Arguments, session: Session): Promise<string> {
  const id = neededText(given, 'id')
  const details = await findRequest(session.scope.out, id).catch((error) => {
    throw withoutOthers(error, id)
  })
  if (!isWithin(session.scope, details)) throw notFound(id)
  return inParts(shownText(details, session), given)
}

function shownText(details: RequestDetails, { scope, colors }: Session): string {
  const [request, response] = [parseBody(details.request_json), parseBody(details.response_json)]
  const turns = scope.hasBodies ? [...requestTurns(request), ...responseTurns(response)] : []
  const [parameters, tools] = scope.hasBodies ? [requestParameters(request), offeredTools(request)] : [[], []]
  return requestText({ details, turns, parameters, tools }, colors, 'UTC')
}

async function dialog(given: Arguments, { scope, colors }: Session): Promise<string> {
  const id = neededText(given, 'id')
  const found = await findDialog(scope.out, id).catch((error) => {
    throw withoutOthers(error, id)
  })
  const thread = new Thread()
  const texts: string[] = []
  for (const details of found) {
    if (!isWithin(scope, details)) continue
    const step = thread.add(parseBody(details.request_json), parseBody(details.response_json))
    const shown = scope.hasBodies ? step : { ...step, turns: [], answers: [] }
    texts.push(stepText(details, shown, texts.length + 1, { colors, timeZone: 'UTC' }))
  }
  if (texts.length === 0) throw notFound(id)
  return inParts(texts.join(''), given)
}

async function statsTool(given: Arguments, { scope, colors }: Session): Promise<string> {
  const filter = filterOf(given)
  const words = (textOf(given, 'by') ?? 'day,model').split(',').map((word) => word.trim())
  const by = GROUPINGS.filter((grouping) => words.includes(grouping))
  const result = await stats({ ...filter, ...within(scope, filter), out: scope.out, by })
  return inParts(statsText(result, by, { colors, columns: undefined }), given)
}

function inParts(text: string, given: Arguments): string {
  const { part, next } = partOf(text, cursorOf(given))
  return framed(part, next)
}
