import { chat, completion, jsonl, record } from '../../helpers/logdb/logs.ts'
import type { PredecessorTuple } from '../../helpers/logdb/predecessor-database.ts'

/** Every record of the page has one of these keys. */
const [LAPTOP, PHONE] = [
  { api_key_name: 'laptop', api_key_hash: '5e1f3c9a7b2d4e60' },
  { api_key_name: 'phone', api_key_hash: 'c04d8b6a1f2e3957' },
]

const said = (role: string, content: string) => ({ role, content })
const FIRST = [said('user', 'How do I set a rate limit?'), said('assistant', 'Put limits into config.yml.')]

const FIRST_DAY = [
  record({
    ...LAPTOP,
    timestamp: '2025-09-01T10:00:00.000001Z',
    x_request_id: 'req-1',
    latency_ms: 812.4,
    request: chat('How do I set a rate limit?'),
    response: completion('Put limits into config.yml.'),
  }),
  record({
    ...LAPTOP,
    timestamp: '2025-09-01T10:05:00.000001Z',
    x_request_id: 'req-2',
    latency_ms: 640.2,
    usage: { prompt_tokens: 29, completion_tokens: 6 },
    request: chat('And for one key only?', FIRST),
    response: completion('Use limits.keys.'),
  }),
  record({
    ...PHONE,
    timestamp: '2025-09-01T11:00:00.000001Z',
    x_request_id: 'req-3',
    model_original: 'claude-sonnet',
    model_mapped: 'anthropic/claude-sonnet-4.5',
    status_code: 502,
    outcome: 'upstream_error',
    finish_reason: null,
    usage: null,
    latency_ms: 90.5,
    request: { ...chat('Summarise the rate card'), model: 'claude-sonnet' },
    response: { error: { message: 'The provider is busy', type: 'api_error', code: 'upstream_error' } },
  }),
]

const SECOND_DAY = [
  record({
    ...PHONE,
    timestamp: '2025-09-02T09:30:00.000001Z',
    x_request_id: 'req-4',
    latency_ms: 1210.7,
    usage: { prompt_tokens: 12, completion_tokens: 9 },
    request: chat('用Python编程语言写一个函数'),
    response: completion('def f(): ...'),
  }),
]

/** Logs of two days, by their names below logs/. */
export const LOGS: Record<string, string> = {
  'requests-2025-09-01.jsonl': jsonl(FIRST_DAY),
  'requests-2025-09-02.jsonl': jsonl(SECOND_DAY),
}

/** The same with a line that is not a record. */
export const DAMAGED_LOGS: Record<string, string> = {
  ...LOGS,
  'requests-2025-09-02.jsonl': `${jsonl(SECOND_DAY)}{"v": 1, "timestamp": "yesterday"}\n`,
}

/** One request of the predecessor. */
export const PREDECESSOR_ROWS: PredecessorTuple[] = [
  [
    '3f2a9c51d7e84b60a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718',
    '6f0b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d',
    1_755_252_000,
    '/v1/chat/completions',
    'gpt-4',
    'openrouter/openai/gpt-4',
    200,
    45.1,
    '-1234567890',
    '{"messages": [{"content": "Hi", "role": "user"}], "model": "gpt-4"}',
    '{"choices": [{"message": {"content": "Hello", "role": "assistant"}}]}',
    null,
  ],
]
