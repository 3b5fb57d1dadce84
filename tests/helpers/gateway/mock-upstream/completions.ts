import { type Api, CREATED, DONE, dataEvent, type Exchange, openAiError } from './api.ts'

const USAGE = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 }

/** POST /completions, the older API. */
export const COMPLETIONS: Api = {
  events: (exchange, words) => [
    ...words.map((text) => dataEvent(textCompletion(exchange, text, null))),
    dataEvent(textCompletion(exchange, '', 'stop')),
    ...(exchange.request.stream_options?.include_usage
      ? [dataEvent({ ...textCompletion(exchange, '', null), choices: [], usage: USAGE })]
      : []),
    DONE,
  ],
  whole: (exchange, text) => ({ ...textCompletion(exchange, text, 'stop'), usage: USAGE }),
  error: openAiError,
  modes: {},
}

function textCompletion({ id, request }: Exchange, text: string, finishReason: string | null) {
  const choices = [{ text, index: 0, logprobs: null, finish_reason: finishReason }]
  return { id, object: 'text_completion', created: CREATED, model: request.model, choices }
}
