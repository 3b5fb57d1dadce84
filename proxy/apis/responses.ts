import type { Api } from './api.ts'
import { ResponseBuilder, responseFinishReason } from './builders/response-builder.ts'
import { readJsonAnswer } from './json-facts.ts'
import { madeByResponse } from './objects/made-objects.ts'
import { RESPONSE_REFERENCES } from './objects/references.ts'
import { openAiErrors } from './openai-errors.ts'

/** OpenAI's Responses API; its streams have named events and no `[DONE]`. */
export const responses: Api = {
  name: 'responses',
  endpoint: '/v1/responses',
  // A stored prompt may replace the input.
  check: () => undefined,
  errors: {
    json: openAiErrors.json,
    // The documents have the flat form; OpenAI's servers send the nested one, without which its client libraries stay silent.
    event: ({ code, message, param, type }, _requestId, eventCount) => {
      const error = { type, code, message, param }
      const data = { type: 'error', code, message, param, error, sequence_number: eventCount }
      return `event: error\ndata: ${JSON.stringify(data)}\n\n`
    },
  },
  readAnswer: (json) =>
    readJsonAnswer(
      json,
      ({ status, incomplete_details }) => responseFinishReason(status, incomplete_details),
      madeByResponse,
    ),
  references: RESPONSE_REFERENCES,
  makesObjects: true,
  newBuilder: () => new ResponseBuilder(),
}
