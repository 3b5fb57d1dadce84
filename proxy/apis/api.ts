import type { ApiName } from '../../kit/providers.ts'
import type { HeaderList } from '../header-list.ts'
import type { Slice } from '../json/scan.ts'
import type { ApiProblem } from '../problems.ts'
import type { ReferenceReader } from './objects/references.ts'

/** A path for which the gateway asks a provider: what it has to know to answer there at all. */
export interface Endpoint {
  /** Path with /v1. */
  endpoint: string
  errors: ErrorFormat
  /** Reads an answer that is one JSON body; undefined if it is not a JSON object. */
  readAnswer: (json: Buffer) => AnswerFacts | undefined
}

/** One of the APIs that the gateway passes on as bytes: what it has to know of the API's requests and answers. */
export interface Api extends Endpoint {
  name: ApiName
  /** What is wrong with a body that is JSON and names a model. */
  check: (json: Buffer, members: RequestMembers) => ApiProblem | undefined
  /** Makes the builder that assembles the events of one stream; the request asked for this many choices. */
  newBuilder: (choicesAsked?: number) => AnswerBuilder
  /** Closes a complete stream that does not mark its end, if the API has a mark for that. */
  doneEvent?: Buffer
  /** Streams count tokens only for requests whose `stream_options` ask for that. */
  hasStreamOptions?: true
  /** For a provider that answers with JSON although a stream was requested, perhaps of a client that asked for no tokens. */
  asStream?: (json: Buffer, hidesUsage?: boolean) => StreamedReply | undefined
  /** Finds the objects at the provider that a request refers to. */
  references?: ReferenceReader
  /** Its answers may make objects that the provider keeps. */
  makesObjects?: true
  /** The form of a JSON answer in the log, if that is not the answer itself. */
  forLog?: (json: Buffer) => Buffer
}

/** Top-level members of a request that the gateway looks at: the APIs check the first ones, the others tell conversations apart. */
export const REQUEST_MEMBERS = [
  'model',
  'stream',
  'messages',
  'input',
  'prompt',
  'n',
  'system',
  'instructions',
  'metadata',
  'prompt_cache_key',
] as const

/** Where the members of a request are, those that it has. */
export type RequestMembers = Partial<Record<(typeof REQUEST_MEMBERS)[number], Slice>>

/** How an API writes errors. */
export interface ErrorFormat {
  json: (problem: ApiProblem, requestId: string) => string
  /** One event, with the blank line, that reports why a stream stops; `eventCount` events came before it. */
  event: (problem: ApiProblem, requestId: string, eventCount: number) => string
  /** The header, in addition to x-request-id, from which clients of the API read the id of the request. */
  requestIdHeader?: string
}

/** What the log holds of an answer in addition to its body. */
export interface AnswerFacts {
  finishReason: string | null
  usage: Record<string, unknown> | null
  /** The answer contains an error of the provider, whatever its status. */
  hasFailed: boolean
  /** Ids of objects that the provider made and keeps, and what it encrypted, which only it can read. */
  made?: readonly string[]
}

/** Assembles the events of a stream to the answer that the provider would have given without `stream`. */
export interface AnswerBuilder extends Readonly<AnswerFacts> {
  /**
   * Takes one event.
   * @returns false if it does not have the form of the API's events, so it is not content
   */
  add: (data: string, event: string | undefined) => boolean
  /** The provider's error, if {@link hasFailed}. */
  readonly error: unknown
  /** The API's own mark of the end has arrived. */
  readonly isDone: boolean
  /** Nothing is missing, with or without that mark; false although the mark has arrived if something is missing. */
  readonly isWhole: boolean
  /** Undefined if nothing arrived. */
  toJson: () => Buffer | undefined
  /** Discards the content so far, because it is too large for the log. */
  dropContent: () => void
}

/** A stream made of a JSON answer; for an error in that answer it has the status of the error instead. */
export interface StreamedReply {
  status: number
  headers: HeaderList
  body: Buffer
}
