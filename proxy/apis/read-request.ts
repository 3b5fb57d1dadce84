import { OPEN_BRACKET, QUOTE } from '../../kit/ascii.ts'
import type { Edit } from '../json/edit.ts'
import { EditedJson } from '../json/edited-json.ts'
import { elementsOf, firstElement, scanJsonObject, textAt, valueAt } from '../json/scan.ts'
import { type ApiProblem, problems } from '../problems.ts'
import { type Api, REQUEST_MEMBERS, type RequestMembers } from './api.ts'
import { type ConversationFacts, conversationOf, NO_CONVERSATION } from './conversation.ts'

/** What the gateway has to know of a request; everything else concerns only the client and the provider. */
export interface RequestFacts {
  readonly isJson: boolean
  /** Null if the body names none, or one that is too long, or two. */
  readonly model: string | null
  /** The further models of a batch. */
  readonly otherModels: readonly string[]
  readonly stream: boolean
  /** The number of choices that it asks for. */
  readonly choices: number
  readonly conversation: ConversationFacts
}

const NO_MODELS: readonly string[] = []
const NO_EDITS: readonly Edit[] = []

/** A request whose body is not read yet, or is not JSON. */
export const UNREAD_REQUEST: RequestFacts = {
  isJson: false,
  model: null,
  otherModels: NO_MODELS,
  stream: false,
  choices: 1,
  conversation: NO_CONVERSATION,
}

/** A body that was read: its facts, and either what is wrong with it or how to change its model. */
export type ReadRequest =
  | { facts: RequestFacts; problem: ApiProblem; mayRefer?: never; withModel?: never }
  | {
      facts: RequestFacts & { readonly model: string }
      problem?: never
      /** It may refer to objects that a provider keeps. */
      mayRefer: boolean
      /** The same body with another model. */
      withModel: (model: string) => EditedJson
    }

/** A longer name would fill the log, which holds it several times. */
const MAX_MODEL_LENGTH = 512
const LOWER_T = 0x74

/** The gateway decides by these, and the provider might read the other one of a pair. */
const DECISIVE = ['model', 'stream'] as const

/** Finds the facts in the bytes of a body, without parsing the rest. */
export function readRequest(body: Buffer, api: Api): ReadRequest {
  const repeated: (typeof REQUEST_MEMBERS)[number][] = []
  const watch = api.references?.watch()
  const members = scanJsonObject(body, REQUEST_MEMBERS, repeated, DECISIVE, watch)
  if (!members) return { facts: UNREAD_REQUEST, problem: problems.badJson() }
  const at = members.model
  const model = textAt(body, at)
  const stream = members.stream !== undefined && body[members.stream.start] === LOWER_T
  const choices = choicesAsked(body, members)
  const conversation = conversationOf(api, body, members)
  if (!at || model === undefined) {
    const problem = at ? problems.wrongType('model', 'a string') : problems.missing('model')
    return { facts: { isJson: true, model: null, otherModels: NO_MODELS, stream, choices, conversation }, problem }
  }
  // Copies of a common part would have other hidden classes each time, which costs 5 us here and where they are read.
  const facts = { isJson: true, model, otherModels: NO_MODELS, stream, choices, conversation }
  const nameProblem = repeatedProblem(repeated) ?? lengthProblem(model)
  // A rule of the log for one model would say nothing about these.
  if (nameProblem) return { facts: { ...facts, model: null }, problem: nameProblem }
  const problem = api.check(body, members)
  if (problem) return { facts, problem }
  const withModel = (mapped: string) =>
    new EditedJson(body, mapped === model ? NO_EDITS : [{ start: at.start, end: at.end, text: JSON.stringify(mapped) }])
  return { facts, mayRefer: watch?.isSeen === true, withModel }
}

function repeatedProblem(repeated: readonly string[]): ApiProblem | undefined {
  const member = DECISIVE.find((name) => repeated.includes(name))
  return member === undefined ? undefined : problems.repeatedMember(member)
}

function lengthProblem(model: string): ApiProblem | undefined {
  return model.length > MAX_MODEL_LENGTH ? problems.modelNameTooLong(MAX_MODEL_LENGTH) : undefined
}

/** Of the older completions each prompt gets its own choices; a list of numbers is one prompt. */
function choicesAsked(body: Buffer, { n, prompt }: RequestMembers): number {
  const each = n ? valueAt(body, n) : 1
  const first = prompt && firstElement(body, prompt.start)
  const hasSeveral = first !== undefined && (body[first] === QUOTE || body[first] === OPEN_BRACKET)
  const prompts = prompt && hasSeveral ? [...elementsOf(body, prompt.start)].length : 1
  return typeof each === 'number' && each > 0 ? each * prompts : prompts
}
