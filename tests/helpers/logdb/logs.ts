import type { LogRecord } from '../../../kit/log-record.ts'

/** A chat request as the gateway logs it. */
export function record(fields: Partial<LogRecord> = {}): LogRecord {
  return {
    v: 1,
    timestamp: '2025-09-10T12:00:00.000001Z',
    x_request_id: 'req-1',
    endpoint: '/v1/chat/completions',
    method: 'POST',
    status_code: 200,
    latency_ms: 12.5,
    ttfb_ms: 3.25,
    overhead_ms: 0.5,
    provider: 'openrouter',
    model_original: 'gpt-4o',
    model_mapped: 'openai/gpt-4o',
    stream: false,
    api_key_hash: '0123456789abcdef',
    finish_reason: 'stop',
    usage: { prompt_tokens: 7, completion_tokens: 5 },
    outcome: 'ok',
    bytes_in: 100,
    bytes_out: 200,
    release: '20250910-110000',
    request: chat('Hi'),
    response: completion('Hello'),
    ...fields,
  }
}

/** A chat body with one message of the user. */
export function chat(content: string, before: unknown[] = []) {
  return { model: 'gpt-4o', messages: [...before, { role: 'user', content }] }
}

export function completion(content: string) {
  const message = { role: 'assistant', content }
  return { id: 'chatcmpl-1', model: 'openai/gpt-4o', choices: [{ index: 0, message, finish_reason: 'stop' }] }
}

/** A file of ours. */
export function jsonl(records: unknown[]): string {
  return records.map((one) => `${JSON.stringify(one)}\n`).join('')
}

/** One event of the predecessor: a header line and pretty JSON with the same indentation as Python's. */
export function predecessorBlock(event: unknown, header = '2025-09-10 14:00:00 - INFO - '): string {
  return `${header}${JSON.stringify(event, null, 2)}\n`
}

/** An endpoint record of the predecessor. */
export function predecessorEvent(fields: Record<string, unknown> = {}) {
  return {
    timestamp: '2025-09-10T12:00:00.500000Z',
    endpoint: '/v1/chat/completions',
    status_code: 200,
    latency_ms: 45.12,
    request: {
      model: 'openrouter/openai/gpt-4',
      messages: [{ role: 'user', content: 'Hi' }],
      _original_model: 'gpt-4',
    },
    response: {
      id: 'chatcmpl-1',
      model: 'openrouter/openai/gpt-4',
      choices: [{ message: { role: 'assistant', content: 'Hello' } }],
    },
    api_key_hash: '-1234567890',
    event: 'API Request/Response',
    level: 'info',
    logger: 'endpoint.v1.chat.completions',
    ...fields,
  }
}

/** Time stamps with microseconds, `stepUs` apart. */
export function timestampAt(index: number, startIso = '2025-09-10T12:00:00Z', stepUs = 1_000_001): string {
  const us = Date.parse(startIso) * 1000 + index * stepUs
  const iso = new Date(Math.floor(us / 1000)).toISOString()
  return `${iso.slice(0, -1)}${String(us % 1000).padStart(3, '0')}Z`
}
