import type { IncomingHttpHeaders } from 'node:http'
import type { ApiProblem } from '../problems.ts'
import type { Api } from './api.ts'
import { MessageBuilder } from './builders/message-builder.ts'
import { checkMessages } from './chat-completions.ts'
import { readJsonAnswer } from './json-facts.ts'
import { madeByMessage } from './objects/made-objects.ts'
import { OBJECT_REFERENCES } from './objects/references.ts'

/** Anthropic's names of errors by status: https://docs.anthropic.com/en/api/errors */
const ERROR_TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  405: 'invalid_request_error',
  413: 'request_too_large',
  415: 'invalid_request_error',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}

/** Anthropic's Messages API; its streams end with `message_stop`. */
export const messages: Api = {
  name: 'messages',
  endpoint: '/v1/messages',
  check: checkMessages,
  errors: {
    json: errorJson,
    event: (problem, requestId) => `event: error\ndata: ${errorJson(problem, requestId)}\n\n`,
    requestIdHeader: 'request-id',
  },
  readAnswer: (json) => readJsonAnswer(json, ({ stop_reason }) => stop_reason, madeByMessage),
  references: OBJECT_REFERENCES,
  makesObjects: true,
  newBuilder: () => new MessageBuilder(),
}

/** Whether a client of Anthropic sends them: it names the version of the API. */
export function isOfAnthropic(headers: IncomingHttpHeaders): boolean {
  return headers['anthropic-version'] !== undefined
}

function errorJson({ status, message }: ApiProblem, requestId: string): string {
  const error = { type: ERROR_TYPES[status] ?? 'api_error', message }
  return JSON.stringify({ type: 'error', error, request_id: requestId })
}
