import type { LogRecord } from '../../kit/log-record.ts'
import { orderPicture } from './order-picture.ts'

/** The same records at each run: a week of a small team. */
export const LAST_DAY = '2025-09-16'
const DAYS = 7
const REQUESTS_A_DAY = 90
const MS_PER_DAY = 86_400_000
const MS_PER_HOUR = 3_600_000

const MODELS = [
  { asked: 'claude-sonnet-4', mapped: 'anthropic/claude-sonnet-4', provider: 'anthropic', latencyMs: 3800 },
  { asked: 'gpt-4o', mapped: 'gpt-4o', provider: 'openai', latencyMs: 1900 },
  { asked: 'gpt-4o-mini', mapped: 'gpt-4o-mini', provider: 'openai', latencyMs: 800 },
  { asked: 'gemini-2.5-pro', mapped: 'gemini-2.5-pro', provider: 'gemini', latencyMs: 2900 },
] as const
const KEYS = [
  ['a1b2c3d4e5f60718', 'support-bot'],
  ['0f9e8d7c6b5a4938', 'laptop-anna'],
  ['5566778899aabbcc', 'nightly-reports'],
] as const
const QUESTIONS = [
  'Summarise this ticket in two sentences',
  'Which of our invoices are overdue?',
  'Translate the release notes into German',
  'Write a polite answer to this complaint',
  'What changed in the order API last week?',
  'Classify this message: billing, bug or question',
  'Explain this stack trace',
  'Suggest a shorter title',
] as const
/** Numbers from 0 to 1, the same ones at each run. */
function randomNumbers(): () => number {
  let state = 42
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

const random = randomNumbers()
const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T

interface Said {
  /** ISO with microseconds. */
  timestamp: string
  request: unknown
  response: unknown
  fields?: Partial<LogRecord>
}

/** Requests of all days, and after them the dialogs that the pictures show. */
export function corpus(): LogRecord[] {
  const start = Date.parse(LAST_DAY) - (DAYS - 1) * MS_PER_DAY
  const days = Array.from({ length: DAYS }, (_, day) => start + day * MS_PER_DAY)
  const everyday = days.flatMap((day) => {
    const count = Math.round(REQUESTS_A_DAY * (0.6 + 0.8 * random()))
    return Array.from({ length: count }, () => everydayRecord(day + workingHourMs()))
  })
  return [...everyday, ...agentDialog(), ...comparedAnswers(), failedRequest()].sort((a, b) =>
    a.timestamp < b.timestamp ? -1 : 1,
  )
}

/** Most are in the day, some at night. */
function workingHourMs(): number {
  const hour = 6 + 14 * ((random() + random()) / 2) + (random() < 0.1 ? 4 : 0)
  return Math.round(hour * MS_PER_HOUR)
}

function everydayRecord(timeMs: number): LogRecord {
  const question = oneOf(QUESTIONS)
  const isBad = random() < 0.03
  const model = oneOf(MODELS)
  return record(
    {
      timestamp: `${new Date(timeMs).toISOString().slice(0, -1)}000Z`,
      request: chat(model.asked, question),
      response: isBad
        ? { error: { message: 'The provider is overloaded' } }
        : answer('Certainly. Here is what I found.'),
      fields: isBad ? { status_code: 529, outcome: 'upstream_error', finish_reason: null } : {},
    },
    model,
  )
}

function record(
  { timestamp, request, response, fields = {} }: Said,
  model: (typeof MODELS)[number] = MODELS[0],
): LogRecord {
  const latencyMs = Math.round(model.latencyMs * (0.5 + random() + random() ** 6 * 4))
  const [keyHash, keyName] = oneOf(KEYS)
  const tokensIn = Math.round(400 + 5000 * random())
  return {
    v: 1,
    timestamp,
    x_request_id: `req-${timestamp}`,
    endpoint: '/v1/chat/completions',
    method: 'POST',
    status_code: 200,
    latency_ms: latencyMs,
    ttfb_ms: Math.round(latencyMs * 0.3),
    overhead_ms: 1.4,
    provider: model.provider,
    model_original: model.asked,
    model_mapped: model.mapped,
    stream: true,
    api_key_hash: keyHash,
    api_key_name: keyName,
    finish_reason: 'stop',
    usage: {},
    tokens_in: tokensIn,
    tokens_out: Math.round(60 + 700 * random()),
    tokens_cache_read: Math.round(tokensIn * 0.6 * random()),
    tokens_reasoning: Math.round(80 * random()),
    outcome: 'ok',
    bytes_in: 2400,
    bytes_out: 5100,
    release: '20250909-081500',
    request,
    response,
    ...fields,
  }
}

function chat(model: string, content: unknown, before: unknown[] = []) {
  return { model, stream: true, temperature: 0.2, messages: [...before, { role: 'user', content }] }
}

function answer(content: string, more: Record<string, unknown> = {}) {
  return { choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content, ...more } }] }
}

const SYSTEM = { role: 'system', content: 'You are the support agent of a small shop. Use the tools; never guess.' }
const call = (id: string, name: string, given: unknown) => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(given) },
})
const CALLS = [
  call('call_1', 'find_order', { order: 48213 }),
  call('call_2', 'track_parcel', { carrier: 'DHL', number: 'JD0146000' }),
]
const RESULTS = [
  { role: 'tool', tool_call_id: 'call_1', content: '{"order":48213,"status":"shipped","items":["Desk lamp, brass"]}' },
  { role: 'tool', tool_call_id: 'call_2', content: '{"state":"at the parcel shop","since":"2025-09-15T16:20:00Z"}' },
]
const LAST_ANSWER = `Your **desk lamp** is at the parcel shop since Monday, 16:20.

| Step | Time |
|---|---|
| Shipped | Friday, 09:02 |
| At the parcel shop | Monday, 16:20 |

1. Bring the code from our e-mail.
2. It stays there until Thursday.

You can also ask the API yourself:

\`\`\`ts
const order = await shop.orders.find(48213)
if (order.status === 'shipped') console.log(order.parcel.state) // at the parcel shop
\`\`\``

/** A question with a picture, two tools, and an answer; then another question. */
function agentDialog(): LogRecord[] {
  const question = {
    role: 'user',
    content: [
      { type: 'text', text: 'Where is my lamp? The order number is on this picture: 48213' },
      { type: 'image_url', image_url: { url: orderPicture() } },
    ],
  }
  const reasoning = 'I need the order first, then its parcel.'
  const asked = { role: 'assistant', content: null, tool_calls: CALLS }
  const messages = [SYSTEM, question]
  const fields = { dialog_id: 'shop-48213', api_key_hash: KEYS[0][0], api_key_name: KEYS[0][1] }
  const body = (list: unknown[]) => ({ model: 'claude-sonnet-4', stream: true, max_tokens: 1024, messages: list })
  const turn = (time: string, list: unknown[], response: unknown) =>
    record({ timestamp: `${LAST_DAY}T${time}.000000Z`, request: body(list), response, fields })
  const first = [...messages, asked, ...RESULTS]
  const second = [
    ...first,
    { role: 'assistant', content: LAST_ANSWER },
    { role: 'user', content: 'Can my neighbour collect it?' },
  ]
  return [
    turn('16:40:12', messages, answer('', { content: null, tool_calls: CALLS, reasoning_content: reasoning })),
    turn('16:40:18', first, answer(LAST_ANSWER)),
    turn('16:42:03', second, answer('Yes. Your neighbour needs the code and your name.')),
  ]
}

/** The same question to two models. */
function comparedAnswers(): LogRecord[] {
  const question = 'Classify this message and answer as JSON: "My invoice has the wrong address."'
  const ask = (time: string, model: (typeof MODELS)[number], temperature: number, text: string) =>
    record(
      {
        timestamp: `${LAST_DAY}T${time}.000000Z`,
        request: { ...chat(model.asked, question, [SYSTEM]), temperature },
        response: answer(text),
      },
      model,
    )
  return [
    ask('16:50:00', MODELS[1], 0, '{\n  "class": "billing",\n  "urgent": false,\n  "reason": "wrong address"\n}'),
    ask(
      '16:50:09',
      MODELS[3],
      0.7,
      '{\n  "class": "billing",\n  "urgent": true,\n  "reason": "The address is wrong"\n}',
    ),
  ]
}

function failedRequest(): LogRecord {
  const error = { message: 'This request would exceed your rate limit', type: 'rate_limit_error' }
  return record({
    timestamp: `${LAST_DAY}T16:55:00.000000Z`,
    request: chat('claude-sonnet-4', 'Write a polite answer to this complaint', [SYSTEM]),
    response: { error },
    fields: { status_code: 429, outcome: 'upstream_error', finish_reason: null },
  })
}
