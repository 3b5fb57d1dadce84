import { scanJsonObject } from '../json/scan.ts'
import { type ApiProblem, problems } from '../problems.ts'
import { type Api, REQUEST_MEMBERS } from './api.ts'

/** What the gateway has to know of a request; everything else is between the client and the provider. */
export type RequestBody =
  | {
      isJson: true
      model: string
      stream: boolean
      problem?: never
      /** The same bytes with another model. */
      withModel: (model: string) => Buffer
    }
  | { isJson: boolean; model: string | null; stream: boolean; problem: ApiProblem }

/** In the log it stands several times. */
const MAX_MODEL_LENGTH = 512
const QUOTE = 0x22
const LOWER_T = 0x74

export function readRequestBody(body: Buffer, api: Api): RequestBody {
  const members = scanJsonObject(body, REQUEST_MEMBERS)
  if (!members) return { isJson: false, model: null, stream: false, problem: problems.badJson() }
  const at = members.model
  const model: unknown = at && body[at.start] === QUOTE ? JSON.parse(body.toString('utf8', at.start, at.end)) : null
  const stream = members.stream !== undefined && body[members.stream.start] === LOWER_T
  const shown = typeof model === 'string' ? model.slice(0, MAX_MODEL_LENGTH) : null
  const known = { isJson: true, stream, model: shown } as const
  if (!at) return { ...known, problem: problems.missing('model') }
  if (typeof model !== 'string') return { ...known, problem: problems.wrongType('model', 'a string') }
  if (model.length > MAX_MODEL_LENGTH) return { ...known, problem: problems.modelNameTooLong(MAX_MODEL_LENGTH) }
  const problem = api.check(body, members)
  if (problem) return { ...known, problem }
  const withModel = (mapped: string) =>
    mapped === model
      ? body
      : Buffer.concat([body.subarray(0, at.start), Buffer.from(JSON.stringify(mapped)), body.subarray(at.end)])
  return { isJson: true, stream, model, withModel }
}
