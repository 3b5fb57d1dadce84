import { requestParameters } from '../../../conversation/parameters.ts'
import { parseBody, requestTurns, responseTurns, type Turn } from '../../../conversation/turns.ts'
import type { RequestDetails } from '../../../store/partition/requests.ts'
import type { LineDiff } from '../../app/compare/compare-data.ts'
import { lineDiff } from './line-diff.ts'
import type { Facts } from './request-view.ts'
import { type RequestOptions, visibleRequest } from './visible-requests.ts'

/** Two requests, by their ids. */
interface CompareOptions extends Omit<RequestOptions, 'id'> {
  a: string
  b: string
}

interface ComparedRequest {
  facts: Facts
  parameters: [name: string, json: string][]
}

/** How two requests differ. */
export interface CompareView {
  a: ComparedRequest
  b: ComparedRequest
  asked: LineDiff
  answered: LineDiff
}

/** Undefined if one of them does not exist or may not be seen. */
export async function compareView({ a, b, ...options }: CompareOptions): Promise<CompareView | undefined> {
  const first = await visibleRequest({ ...options, id: a })
  const second = await visibleRequest({ ...options, id: b })
  if (!first || !second) return undefined
  const [one, other] = [first, second].map(parsed) as [Parsed, Parsed]
  return {
    a: one.request,
    b: other.request,
    asked: lineDiff(one.asked, other.asked),
    answered: lineDiff(one.answered, other.answered),
  }
}

interface Parsed {
  request: ComparedRequest
  asked: string[]
  answered: string[]
}

function parsed({ request_json, response_json, ...facts }: RequestDetails): Parsed {
  const body = parseBody(request_json)
  return {
    request: { facts, parameters: requestParameters(body) },
    asked: linesOf(requestTurns(body)),
    answered: linesOf(responseTurns(parseBody(response_json))),
  }
}

function linesOf(turns: readonly Turn[]): string[] {
  return turns.flatMap(({ role, parts }) => [
    `[${role}]`,
    ...parts.flatMap(({ kind, name, text }) => [
      ...(kind === 'text' ? [] : [`(${[kind, name].filter((one) => one !== undefined).join(' ')})`]),
      ...text.split('\n'),
    ]),
  ])
}
