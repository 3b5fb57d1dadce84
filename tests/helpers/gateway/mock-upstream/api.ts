import type { ServerResponse } from 'node:http'

export interface ApiRequest {
  model?: string
  stream?: boolean
  stream_options?: { include_usage?: boolean }
  messages?: { role?: string; content?: unknown }[]
  input?: unknown
  prompt?: unknown
  tools?: { name?: string; function?: { name?: string } }[]
  encoding_format?: string
  dimensions?: number
}

export interface Exchange {
  api: Api
  id: string
  request: ApiRequest
  /** How often the same body has arrived so far, from 1 on. */
  attempt: number
  /** The caller's key, from either header. */
  key: string
  response: ServerResponse
  /** Aborted when the caller has left. */
  signal: AbortSignal
}

/** Answers an exchange; `numbers` are those in the name of the mode, in order: `slow-20x100` -> [20, 100]. */
export type Mode = (exchange: Exchange, numbers: number[]) => void | Promise<void>

/** What every mode needs, in the form of one API. */
export interface Api {
  /** Every event of a stream with this text in pieces, including the end of the stream. */
  events: (exchange: Exchange, words: string[]) => string[]
  /** The same in one body. */
  whole: (exchange: Exchange, text: string) => object
  error: (message: string, code: string | number, status: number) => object
  /** Modes of this API only; they override the common ones. */
  modes: Record<string, Mode>
}

export const WORDS = ['Hello', ' from', ' the', ' mock', ' 🙂']
export const ANSWER = WORDS.join('')
export const CREATED = 1700000000
/** The mark of the end of a stream, if the API has one. */
export const DONE = 'data: [DONE]\n\n'

export function startStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-generation-id': 'gen-mock' })
  response.flushHeaders()
}

/** Starts a stream and ends it with these events. */
export function sendStream(response: ServerResponse, events: string[]): void {
  startStream(response)
  response.end(events.join(''))
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  send(response, status, 'application/json', JSON.stringify(body))
}

export function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}

export function sendError({ api, response }: Exchange, status: number, message: string, code: string | number): void {
  sendJson(response, status, api.error(message, code, status))
}

/** An event without a name, as in the chat API. */
export function dataEvent(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

/** An event that is named by its type, as in the other APIs. */
export function namedEvent(data: { type: string; [field: string]: unknown }): string {
  return `event: ${data.type}\n${dataEvent(data)}`
}

/** OpenAI's form. */
export function openAiError(message: string, code: string | number): object {
  return { error: { message, type: 'mock_error', param: null, code } }
}
