import { type Api, type ApiRequest, openAiError } from './api.ts'

const DIMENSIONS = 8

/** POST /embeddings: numbers that depend only on the input, as floats or as base64 of 32-bit floats. */
export const EMBEDDINGS: Api = {
  // Nothing here is streamed.
  events: () => [],
  whole: ({ request }) => ({
    object: 'list',
    data: inputs(request).map((input, index) => ({ object: 'embedding', index, embedding: embed(input, request) })),
    model: request.model,
    usage: { prompt_tokens: 7, total_tokens: 7 },
  }),
  error: openAiError,
  modes: {},
}

/** One string, several, one list of tokens, or several. */
function inputs({ input }: ApiRequest): unknown[] {
  if (!Array.isArray(input)) return [input]
  return typeof input[0] === 'number' ? [input] : input
}

function embed(input: unknown, { encoding_format: format, dimensions = DIMENSIONS }: ApiRequest): number[] | string {
  const text = JSON.stringify(input)
  const vector = Float32Array.from({ length: dimensions }, (_, index) => {
    return Math.sin((text.charCodeAt(index % text.length) + index) * text.length)
  })
  return format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector]
}
