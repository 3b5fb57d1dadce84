import { CREATED, DONE, dataEvent, type Exchange, type Mode, sendJson, sendStream } from './api.ts'

const TYPES = 'type.googleapis.com/google.rpc'

/** How Google's OpenAI-compatible endpoint differs from OpenAI: errors are in an array, tool calls lack their index. */
export const GEMINI_MODES: Record<string, Mode> = {
  'gemini-invalid': (exchange) => {
    const message = 'Invalid JSON payload received. Unknown name "seed"'
    sendGoogleError(exchange, { code: 400, message, status: 'INVALID_ARGUMENT' })
  },
  /** A key that Google does not know; the status is 400. */
  'gemini-key': (exchange) => {
    const details = [{ '@type': `${TYPES}.ErrorInfo`, reason: 'API_KEY_INVALID', domain: 'googleapis.com' }]
    const message = 'API key not valid. Please pass a valid API key.'
    sendGoogleError(exchange, { code: 400, message, status: 'INVALID_ARGUMENT', details })
  },
  'gemini-quota': (exchange) => {
    const details = [
      { '@type': `${TYPES}.QuotaFailure`, violations: [{ quotaId: 'GenerateRequestsPerMinute' }] },
      { '@type': `${TYPES}.RetryInfo`, retryDelay: '17.4s' },
    ]
    const message = 'You exceeded your current quota'
    sendGoogleError(exchange, { code: 429, message, status: 'RESOURCE_EXHAUSTED', details })
  },
  'gemini-overloaded': (exchange) =>
    sendGoogleError(exchange, { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' }),
  /** Two calls in separate chunks, each complete and with a thought signature; usage in every chunk. */
  'gemini-tools': (exchange) => {
    const calls = ['Oslo', 'Bergen'].map((city, at) => ({
      extra_content: { google: { thought_signature: `c2lnbmF0dXJl${at}` } },
      function: { arguments: JSON.stringify({ city }), name: 'weather' },
      id: `function-call-${at}`,
      type: 'function',
    }))
    if (!exchange.request.stream) {
      const choice = { finish_reason: 'tool_calls', index: 0, message: { role: 'assistant', tool_calls: calls } }
      return sendJson(exchange.response, 200, geminiBody(exchange, 'chat.completion', choice))
    }
    const chunk = (delta: object, finishReason?: string) =>
      dataEvent(
        geminiBody(exchange, 'chat.completion.chunk', {
          delta: { role: 'assistant', ...delta },
          ...(finishReason && { finish_reason: finishReason }),
          index: 0,
        }),
      )
    const events = [...calls.map((call) => chunk({ tool_calls: [call] })), chunk({}, 'stop')]
    sendStream(exchange.response, [...events, DONE])
  },
}

function sendGoogleError({ response }: Exchange, error: { code: number; [field: string]: unknown }): void {
  sendJson(response, error.code, [{ error }])
}

function geminiBody({ id, request }: Exchange, object: string, choice: object) {
  const usage = { completion_tokens: 5, prompt_tokens: 7, total_tokens: 12 }
  return { choices: [choice], created: CREATED, id, model: request.model, object, usage }
}
