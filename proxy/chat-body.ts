import { type ApiProblem, problems } from './errors.ts'
import { firstElement, scanJsonObject } from './json-scan.ts'

/** What the gateway has to know of a chat request; everything else is between the client and the provider. */
export type ChatBody =
  | {
      isJson: true
      model: string
      stream: boolean
      problem?: never
      /** The same bytes with another model. */
      withModel: (model: string) => Buffer
    }
  | { isJson: boolean; model: string | null; stream: boolean; problem: ApiProblem }

const QUOTE = 0x22
const OPEN_BRACKET = 0x5b

export function readChatBody(body: Buffer): ChatBody {
  const members = scanJsonObject(body, ['model', 'stream', 'messages'])
  if (!members) return { isJson: false, model: null, stream: false, problem: problems.badJson() }
  const at = members.model
  const model: unknown = at && body[at.start] === QUOTE ? JSON.parse(body.toString('utf8', at.start, at.end)) : null
  const stream = members.stream !== undefined && body[members.stream.start] === 't'.charCodeAt(0)
  const known = { isJson: true, stream, model: typeof model === 'string' ? model : null } as const
  if (!at) return { ...known, problem: problems.missing('model') }
  if (typeof model !== 'string') return { ...known, problem: problems.wrongType('model', 'a string') }
  const { messages } = members
  if (!messages) return { ...known, problem: problems.missing('messages') }
  if (body[messages.start] !== OPEN_BRACKET) {
    return { ...known, problem: problems.wrongType('messages', 'an array of objects') }
  }
  if (firstElement(body, messages.start) === undefined) return { ...known, problem: problems.emptyMessages() }
  const withModel = (mapped: string) =>
    mapped === model
      ? body
      : Buffer.concat([body.subarray(0, at.start), Buffer.from(JSON.stringify(mapped)), body.subarray(at.end)])
  return { isJson: true, stream, model, withModel }
}
