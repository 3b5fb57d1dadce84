import type { ApiName } from '../../kit/providers.ts'
import type { HeaderList } from '../http/response-headers.ts'
import type { Slice } from '../json/scan.ts'
import type { ApiProblem } from '../problems.ts'

/** One of the APIs that the gateway serves by passing bytes on: what it has to know of its requests and answers. */
export interface Api {
  name: ApiName
  /** With /v1. */
  endpoint: string
  /** What is wrong with a body that is JSON and names a model. */
  check: (json: Buffer, members: RequestMembers) => ApiProblem | undefined
  errors: ErrorFormat
  /** Headers that browsers may send beside the usual ones. */
  requestHeaders?: readonly string[]
  /** What is to be known of an answer that is one JSON body; undefined if it is no JSON object. */
  readAnswer: (json: Buffer) => AnswerFacts | undefined
  /** Puts the events of a stream together. */
  newBuilder: () => AnswerBuilder
  /** Closes a stream that is whole but does not say so, where the API has a sign for that. */
  doneEvent?: Buffer
  /** For an upstream that answers with JSON where a stream was asked for. */
  asStream?: (json: Buffer) => StreamedReply | undefined
  /** How the log holds a JSON answer, where that is not as it is. */
  forLog?: (json: Buffer) => Buffer
}

/** Top-level members of a request that any of the APIs looks at. */
export const REQUEST_MEMBERS = ['model', 'stream', 'messages', 'input'] as const

export type RequestMembers = Partial<Record<(typeof REQUEST_MEMBERS)[number], Slice>>

export interface ErrorFormat {
  json: (problem: ApiProblem, requestId: string) => string
  /** One event that tells of a stream that cannot go on, with the blank line; `eventCount` events came before it. */
  event: (problem: ApiProblem, requestId: string, eventCount: number) => string
  /** The header that clients of the API read the request's id from, beside x-request-id. */
  requestIdHeader?: string
}

export interface AnswerFacts {
  finishReason: string | null
  usage: Record<string, unknown> | null
  /** The upstream told of an error, whatever its status. */
  failed: boolean
}

/** What a stream of events amounts to: the answer that would have come without `stream`. */
export interface AnswerBuilder extends Readonly<AnswerFacts> {
  /** Takes one event. */
  add: (data: string, event: string | undefined) => void
  /** The API's own sign of the end has come. */
  readonly done: boolean
  /** Nothing is missing, with or without that sign. */
  readonly whole: boolean
  /** Undefined if nothing came. */
  toJson: () => Buffer | undefined
  /** Forgets the content so far, since it has become too much for the log. */
  dropContent: () => void
}

/** A stream made of a JSON answer; an error in that answer gets an honest status instead. */
export interface StreamedReply {
  status: number
  headers: HeaderList
  body: Buffer
}
