import type { ApiName } from '../../kit/providers.ts'
import type { Endpoint } from '../apis/api.ts'
import { readJsonAnswer } from '../apis/json-facts.ts'
import { messages } from '../apis/messages.ts'
import { openAiErrors } from '../apis/openai-errors.ts'

type RelayMethod = 'GET' | 'POST' | 'DELETE'

/** An endpoint whose requests and answers are passed on without being understood. */
export interface RelayedEndpoint extends Endpoint {
  method: RelayMethod
  /** Whether a body names a model: `many` if each of its parts does. */
  model: 'required' | 'optional' | 'none' | 'many'
  /** The answer holds the id of an object that was made, or that belongs to one. */
  hasObjects: boolean
  /** It names its models only in a file that the provider has. */
  isBatch: boolean
  /** The answer lists objects of all callers. */
  isList: boolean
  /** Content types of bodies; what is not JSON is read only as far as it is a form with fields. */
  takes: 'json' | 'form' | 'any'
  /** The API that a provider must serve to be chosen; undefined for endpoints that come with none. */
  family: ApiName | undefined
}

type Model = RelayedEndpoint['model']
type Trait = 'objects' | 'list' | 'batch' | 'form' | 'any'

/** Methods and paths below /v1; `:id` stands for the id of an object. */
const ROWS: readonly (readonly [method: RelayMethod, path: string, model: Model, ...traits: Trait[]])[] = [
  ['POST', 'audio/speech', 'required'],
  ['POST', 'audio/transcriptions', 'required', 'form'],
  ['POST', 'audio/translations', 'required', 'form'],
  ['POST', 'images/generations', 'optional'],
  ['POST', 'images/edits', 'optional', 'form'],
  ['POST', 'images/variations', 'optional', 'form'],
  ['POST', 'moderations', 'optional'],
  ['POST', 'rerank', 'required'],
  ['POST', 'files', 'none', 'objects', 'any'],
  ['GET', 'files', 'none', 'list'],
  ['GET', 'files/:id', 'none'],
  ['DELETE', 'files/:id', 'none'],
  ['GET', 'files/:id/content', 'none'],
  ['POST', 'batches', 'none', 'batch'],
  ['GET', 'batches', 'none', 'list'],
  ['GET', 'batches/:id', 'none', 'objects'],
  ['POST', 'batches/:id/cancel', 'none', 'objects'],
  ['POST', 'messages/count_tokens', 'required'],
  ['POST', 'messages/batches', 'many', 'objects'],
  ['GET', 'messages/batches', 'none', 'list'],
  ['GET', 'messages/batches/:id', 'none'],
  ['DELETE', 'messages/batches/:id', 'none'],
  ['POST', 'messages/batches/:id/cancel', 'none'],
  ['GET', 'messages/batches/:id/results', 'none'],
  ['POST', 'responses/compact', 'required', 'objects'],
  ['POST', 'responses/input_tokens', 'optional'],
  ['GET', 'responses/:id', 'none'],
  ['DELETE', 'responses/:id', 'none'],
  ['POST', 'responses/:id/cancel', 'none'],
  ['GET', 'responses/:id/input_items', 'none'],
]

/** Every endpoint that is relayed. */
export const RELAYED: readonly RelayedEndpoint[] = ROWS.map(([method, path, model, ...traits]) => ({
  method,
  endpoint: `/v1/${path}`,
  model,
  hasObjects: traits.includes('objects') || traits.includes('batch'),
  isBatch: traits.includes('batch'),
  isList: traits.includes('list'),
  takes: (['form', 'any'] as const).find((type) => traits.includes(type)) ?? 'json',
  family: familyOf(path),
  errors: path.startsWith('messages/') ? messages.errors : openAiErrors,
  readAnswer: (json) => readJsonAnswer(json, () => null),
}))

function familyOf(path: string): ApiName | undefined {
  return (['messages', 'responses'] as const).find((name) => path.startsWith(`${name}/`))
}

/** The same endpoint with the errors of Anthropic's API, which has paths in common with OpenAI's. */
export function inAnthropicForm(endpoint: RelayedEndpoint): RelayedEndpoint {
  return { ...endpoint, errors: messages.errors }
}
