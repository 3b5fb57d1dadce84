import { OPEN_BRACKET, QUOTE } from '../../kit/ascii.ts'
import { elementsOf, firstElement, scanJsonObject, valueAt } from '../json/scan.ts'
import { type ApiProblem, problems } from '../problems.ts'
import { type Api, REQUEST_MEMBERS, type RequestMembers } from './api.ts'

/** What the gateway has to know of a request; everything else concerns only the client and the provider. */
export interface RequestFacts {
  readonly isJson: boolean
  /** Null if the body names none. */
  readonly model: string | null
  readonly stream: boolean
  /** The number of choices that it asks for. */
  readonly choices: number
}

/** A request whose body is not read yet, or is not JSON. */
export const UNREAD_REQUEST: RequestFacts = { isJson: false, model: null, stream: false, choices: 1 }

/** A body that was read: its facts, and either what is wrong with it or how to change its model. */
export type ReadRequest =
  | { facts: RequestFacts; problem: ApiProblem; withModel?: never }
  | {
      facts: RequestFacts & { readonly model: string }
      problem?: never
      /** The same bytes with another model. */
      withModel: (model: string) => Buffer
    }

/** A longer name would fill the log, which holds it several times. */
const MAX_MODEL_LENGTH = 512
const LOWER_T = 0x74

/** Finds the facts in the bytes of a body, without parsing the rest. */
export function readRequest(body: Buffer, api: Api): ReadRequest {
  const repeated: (typeof REQUEST_MEMBERS)[number][] = []
  const members = scanJsonObject(body, REQUEST_MEMBERS, repeated)
  if (!members) return { facts: UNREAD_REQUEST, problem: problems.badJson() }
  const at = members.model
  const model: unknown = at && body[at.start] === QUOTE ? JSON.parse(body.toString('utf8', at.start, at.end)) : null
  const stream = members.stream !== undefined && body[members.stream.start] === LOWER_T
  const choices = choicesAsked(body, members)
  if (!at || typeof model !== 'string') {
    const problem = at ? problems.wrongType('model', 'a string') : problems.missing('model')
    return { facts: { isJson: true, model: null, stream, choices }, problem }
  }
  const facts = { isJson: true, model: model.slice(0, MAX_MODEL_LENGTH), stream, choices }
  const problem =
    repeatedProblem(repeated) ??
    (model.length > MAX_MODEL_LENGTH ? problems.modelNameTooLong(MAX_MODEL_LENGTH) : api.check(body, members))
  if (problem) return { facts, problem }
  const withModel = (mapped: string) =>
    mapped === model
      ? body
      : Buffer.concat([body.subarray(0, at.start), Buffer.from(JSON.stringify(mapped)), body.subarray(at.end)])
  return { facts, withModel }
}

/** The gateway decides by these two, and the provider might read the other one of a pair. */
function repeatedProblem(repeated: readonly string[]): ApiProblem | undefined {
  const member = ['model', 'stream'].find((name) => repeated.includes(name))
  return member === undefined ? undefined : problems.repeatedMember(member)
}

/** Of the older completions each prompt gets its own choices; a list of numbers is one prompt. */
function choicesAsked(body: Buffer, { n, prompt }: RequestMembers): number {
  const each = n ? valueAt(body, n) : 1
  const first = prompt && firstElement(body, prompt.start)
  const hasSeveral = first !== undefined && (body[first] === QUOTE || body[first] === OPEN_BRACKET)
  const prompts = prompt && hasSeveral ? [...elementsOf(body, prompt.start)].length : 1
  return typeof each === 'number' && each > 0 ? each * prompts : prompts
}
