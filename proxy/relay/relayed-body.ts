import { QUOTE } from '../../kit/ascii.ts'
import { REQUEST_MEMBERS, type RequestMembers } from '../apis/api.ts'
import { type ConversationFacts, conversationOf, NO_CONVERSATION } from '../apis/conversation.ts'
import { OBJECT_REFERENCES, RESPONSE_REFERENCES, type References } from '../apis/objects/references.ts'
import { applyEdits } from '../json/edit.ts'
import { elementsOf, type Slice, scanInnerObject, scanJsonObject, valueAt } from '../json/scan.ts'
import { type ApiProblem, problems } from '../problems.ts'
import type { RelayedEndpoint } from './endpoints.ts'
import type { FormField, FormScan } from './form-scan.ts'

/** What is read of a body. */
export interface RelayedBody {
  /** Names of models: at most one, or one for each part of a batch. */
  models: readonly string[]
  stream: boolean
  references: References
  conversation: ConversationFacts
  /** The same bytes with other names of the models. */
  withModels: (toName: (model: string) => string) => Buffer
}

type Read = RelayedBody | { problem: ApiProblem }

const MAX_MODEL_LENGTH = 512
/** The gateway decides by these. */
const DECISIVE = ['model', 'stream', 'requests'] as const
const MEMBERS = [...REQUEST_MEMBERS, 'requests'] as const

const NO_REFERENCES: References = { objects: [], encrypted: [] }

/** For a request without a body. */
export const NO_BODY: RelayedBody = {
  models: [],
  stream: false,
  references: NO_REFERENCES,
  conversation: NO_CONVERSATION,
  withModels: () => Buffer.alloc(0),
}

/** Reads a body that is JSON and that is here as a whole. */
export function readJsonBody(body: Buffer, endpoint: RelayedEndpoint): Read {
  const repeated: (typeof MEMBERS)[number][] = []
  const reader = endpoint.family === 'responses' ? RESPONSE_REFERENCES : OBJECT_REFERENCES
  const watch = reader.watch()
  const found = scanJsonObject(body, MEMBERS, repeated, DECISIVE, watch)
  if (!found) return { problem: problems.badJson() }
  const [member] = repeated
  if (member !== undefined) return { problem: problems.repeatedMember(member) }
  const slices = endpoint.model === 'many' ? modelsOfRequests(body, found.requests) : [found.model ?? []].flat()
  if (!slices) return { problem: problems.missing('requests[].params.model') }
  if (slices.some(({ start }) => body[start] !== QUOTE)) return { problem: problems.wrongType('model', 'a string') }
  const models = slices.map((slice) => String(valueAt(body, slice)))
  return checked({
    models,
    stream: valueAt(body, found.stream) === true,
    references: watch.isSeen ? reader.read(body) : NO_REFERENCES,
    conversation: conversationIn(body, endpoint, found),
    withModels: (toName) => {
      const edits = slices.map((slice, at) => ({ ...slice, text: JSON.stringify(toName(models[at] ?? '')), at }))
      return applyEdits(
        body,
        edits.filter(({ at }) => toName(models[at] ?? '') !== models[at]),
      )
    },
  })
}

/** That of an endpoint beside an API; the requests of a batch are of several conversations. */
function conversationIn(body: Buffer, { family, model }: RelayedEndpoint, members: RequestMembers): ConversationFacts {
  const isOfOne = family !== undefined && (model === 'required' || model === 'optional')
  return isOfOne ? conversationOf({ name: family }, body, members) : NO_CONVERSATION
}

/** Undefined if one of them names no model, or more than one. */
function modelsOfRequests(body: Buffer, requests: Slice | undefined): Slice[] | undefined {
  const items = requests ? [...elementsOf(body, requests.start)] : []
  const slices = items.map(({ start }) => {
    const { params } = scanInnerObject(body, start, ['params'])
    return params && scanInnerObject(body, params.start, ['model']).model
  })
  const found = slices.filter((slice) => slice !== undefined)
  return found.length > 0 && found.length === slices.length ? found : undefined
}

/** The model in the path of a form, which need not have a field for it. */
export interface FormDeployment {
  name: string
  boundary: string
}

/** What is read of the beginning of a form, or of all of it. */
export function readFormBody(head: Buffer, scan: FormScan | undefined, deployment?: FormDeployment): Read {
  const references = scan ? { objects: scan.references, encrypted: [] } : NO_REFERENCES
  const model = scan?.models[0]
  if (deployment) return readDeployedForm(head, model, { ...deployment, references })
  return checked({
    models: model ? [model.text] : [],
    stream: false,
    references,
    conversation: NO_CONVERSATION,
    withModels: (toName) => {
      const name = model && toName(model.text)
      return model && name !== undefined && name !== model.text ? applyEdits(head, [{ ...model, text: name }]) : head
    },
  })
}

function readDeployedForm(
  head: Buffer,
  model: FormField | undefined,
  { name, boundary, references }: FormDeployment & Pick<RelayedBody, 'references'>,
): Read {
  const delimiter = `--${boundary}`
  const start = head.indexOf(delimiter, 0, 'latin1')
  const fieldOf = (text: string) => `${delimiter}\r\ncontent-disposition: form-data; name="model"\r\n\r\n${text}\r\n`
  const withName = (text: string) => {
    return applyEdits(head, [model ? { ...model, text } : { start, end: start, text: fieldOf(text) }])
  }
  if (start === -1) return { problem: problems.badHttp('The form cannot be read.') }
  return checked({
    models: [name],
    stream: false,
    references,
    conversation: NO_CONVERSATION,
    withModels: (toName) => withName(toName(name)),
  })
}

function checked(read: RelayedBody): Read {
  const isLong = read.models.some(({ length }) => length > MAX_MODEL_LENGTH)
  return isLong ? { problem: problems.modelNameTooLong(MAX_MODEL_LENGTH) } : read
}
