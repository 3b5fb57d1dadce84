import type { Api } from './api.ts'
import { readJsonAnswer } from './json-facts.ts'
import { openAiErrors } from './openai-errors.ts'
import { ResponseBuilder, responseFinishReason } from './response-builder.ts'

/** OpenAI's Responses API; its streams have named events and no `[DONE]`. */
export const responses: Api = {
  name: 'responses',
  endpoint: '/v1/responses',
  // A stored prompt may replace the input.
  check: () => undefined,
  errors: {
    json: openAiErrors.json,
    event: ({ code, message, param }, _requestId, eventCount) => {
      const data = { type: 'error', code, message, param, sequence_number: eventCount }
      return `event: error\ndata: ${JSON.stringify(data)}\n\n`
    },
  },
  readAnswer: (json) =>
    readJsonAnswer(json, ({ status, incomplete_details }) => responseFinishReason(status, incomplete_details)),
  newBuilder: () => new ResponseBuilder(),
}
