import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createMetricsPage } from '../../../proxy/metrics/page.ts'
import { chat, startGateway, startWithUpstream, type TestGateway } from '../../helpers/gateway/gateway.ts'
import { seededRandom } from '../../helpers/random.ts'

const KEYS = ['key-a', 'key-b', 'key-c', 'key-d', 'key-e']
const CONVERSATIONS = 1_000
const TURNS = 4
/** Conversations that send their turns at the same time. */
const PARALLEL = 20
const COOLING_MS = 150
const COMPLETION = { id: 'x', object: 'chat.completion', choices: [{ index: 0, message: {}, finish_reason: 'stop' }] }

/** A provider that refuses the keys of `failing`, and says in the answer which key it got. */
async function startKeyedProvider() {
  const failing = new Set<string>()
  const server = createServer((request, response) => {
    const key = String(request.headers.authorization).replace('Bearer ', '')
    request.resume().on('end', () => {
      const refused = { error: { message: 'slow down', code: 429 } }
      const isFailing = failing.has(key)
      response.writeHead(isFailing ? 429 : 200, { 'content-type': 'application/json', 'retry-after-ms': COOLING_MS })
      response.end(JSON.stringify(isFailing ? refused : { ...COMPLETION, model: key }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, failing }
}

/** The key that a turn was answered with. */
async function keyOf(gateway: TestGateway, body: object, headers: Record<string, string> = {}, path?: string) {
  const { status, text } = await gateway.post(body, headers, path)
  return status === 200 ? String(JSON.parse(text).model) : `status ${status}`
}

/** What each conversation has shown: pairs of a key that was used and a key that was healthy and was not used. */
class Preferences {
  readonly #pairs = Array.from({ length: CONVERSATIONS }, () => new Set<string>())

  note(conversation: number, used: string, healthy: readonly string[]): void {
    for (const key of healthy) if (key !== used) this.#pairs[conversation]?.add(`${used} ${key}`)
  }

  /** Pairs that were seen in both orders. */
  get contradictions(): string[] {
    return this.#pairs.flatMap((pairs) => [...pairs].filter((pair) => pairs.has(pair.split(' ').reverse().join(' '))))
  }
}

test('every turn of 1,000 conversations uses the best healthy key, while keys fail and come back', async () => {
  const { url, failing } = await startKeyedProvider()
  const environment = { OPENAI_API_KEY: KEYS.join(','), OPENAI_BASE_URL: url }
  const gateway = await startGateway({ environment, mappings: { mine: 'openai:mine' } })
  const random = seededRandom(17)
  const preferences = new Preferences()
  const begun = Array.from({ length: CONVERSATIONS }, (_, at) => [
    { role: 'user', content: `Question ${at} ${random.below(1e6)}` },
  ])
  const favourites: string[] = []
  const lost: string[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    // In the first and the last turn all keys are healthy.
    const isMiddle = turn > 0 && turn < TURNS - 1
    failing.clear()
    if (isMiddle)
      for (let count = random.below(KEYS.length - 1) + 1; count > 0; count--) failing.add(random.pick(KEYS as [string]))
    await new Promise((resolve) => setTimeout(resolve, 2 * COOLING_MS))
    const healthy = KEYS.filter((key) => !failing.has(key))
    const take = async (at: number) => {
      const more = Array.from({ length: 2 * turn }, (_, number) => ({
        role: number % 2 ? 'user' : 'assistant',
        content: 'And?',
      }))
      const used = await keyOf(gateway, { model: 'mine', messages: [...(begun[at] ?? []), ...more] })
      if (!healthy.includes(used)) lost.push(`${at} in turn ${turn}: ${used}`)
      preferences.note(at, used, healthy)
      favourites[at] ??= used
      if (healthy.includes(favourites[at]) && used !== favourites[at])
        lost.push(`${at} left ${favourites[at]} in turn ${turn}`)
    }
    let next = 0
    const takeAll = async () => {
      while (next < CONVERSATIONS) await take(next++)
    }
    await Promise.all(Array.from({ length: PARALLEL }, takeAll))
  }
  expect(lost).toEqual([])
  expect(preferences.contradictions).toEqual([])
  const mean = CONVERSATIONS / KEYS.length
  const deviation = Math.sqrt(mean * (1 - 1 / KEYS.length))
  for (const key of KEYS) {
    const share = favourites.filter((favourite) => favourite === key).length
    expect(Math.abs(share - mean)).toBeLessThan(3.9 * deviation)
  }
}, 120_000)

const SYSTEM = { role: 'system', content: 'Be brief.' }
const text = (content: string, more: object = {}) => [{ type: 'text', text: content, ...more }]
const MARKED = { cache_control: { type: 'ephemeral' } }

/** Members of a body, and headers. */
type Turn = Record<string, unknown> & { headers?: Record<string, string> }

/** Two requests of one conversation, for any number of it. */
const SAME: [string, (n: number) => [Turn, Turn]][] = [
  [
    'X-Dialog-Id',
    (n) => [
      { headers: { 'x-dialog-id': `d${n}` } },
      { headers: { 'x-dialog-id': `d${n}` }, messages: [{ role: 'user', content: `b${n}` }] },
    ],
  ],
  [
    'prompt_cache_key',
    (n) => [
      { prompt_cache_key: `k${n}` },
      { prompt_cache_key: `k${n}`, messages: [{ role: 'user', content: `b${n}` }] },
    ],
  ],
  [
    'metadata.user_id',
    (n) => [
      { metadata: { user_id: `u${n}` } },
      { metadata: { user_id: `u${n}` }, messages: [{ role: 'user', content: `b${n}` }] },
    ],
  ],
  [
    'the first messages',
    (n) => [
      { messages: [SYSTEM, { role: 'user', content: `q${n}` }] },
      { messages: [SYSTEM, { role: 'user', content: `q${n}` }, { role: 'user', content: 'more' }] },
    ],
  ],
  [
    'the first messages; only one has a mark for the cache',
    (n) => [
      { system: text('Be brief.', MARKED), messages: [{ role: 'user', content: text(`q${n}`, MARKED) }] },
      {
        system: text('Be brief.'),
        messages: [
          { role: 'user', content: text(`q${n}`) },
          { role: 'user', content: text('more', MARKED) },
        ],
      },
    ],
  ],
]

test.for(SAME)('%s keeps a conversation with its key', async ([, requests]) => {
  const { url } = await startKeyedProvider()
  const environment = { OPENAI_API_KEY: KEYS.join(','), OPENAI_BASE_URL: url }
  const gateway = await startGateway({ environment, mappings: { mine: 'openai:mine' } })
  const used = new Set<string>()
  for (let number = 0; number < 20; number++) {
    const [first, second] = requests(number).map(({ headers = {}, ...members }) =>
      keyOf(gateway, chat('mine', members), headers),
    )
    used.add((await first) ?? '')
    expect(await second).toBe(await first)
  }
  expect(used.size).toBeGreaterThan(2)
})

test('the input of the Responses API, its instructions and a prompt tell conversations apart', async () => {
  const { url } = await startKeyedProvider()
  const environment = { OPENAI_API_KEY: KEYS.join(','), OPENAI_BASE_URL: url }
  const gateway = await startGateway({ environment, mappings: { mine: 'openai:mine' } })
  const bodies: [string, (n: number) => object][] = [
    ['/v1/responses', (n) => ({ input: `q${n}` })],
    ['/v1/responses', (n) => ({ input: [{ role: 'user', content: [{ type: 'input_text', text: `q${n}` }] }] })],
    ['/v1/responses', (n) => ({ instructions: `i${n}`, input: 'q' })],
    ['/v1/completions', (n) => ({ prompt: `q${n}` })],
  ]
  for (const [path, body] of bodies) {
    const keysOf = async () =>
      await Promise.all(Array.from({ length: 20 }, (_, n) => keyOf(gateway, { model: 'mine', ...body(n) }, {}, path)))
    const first = await keysOf()
    expect(new Set(first).size).toBeGreaterThan(2)
    expect(await keysOf()).toEqual(first)
  }
})

test('what is relayed next to an API goes to the key of its conversation, and has its dialog', async () => {
  const { url } = await startKeyedProvider()
  const environment = { OPENROUTER_API_KEY: KEYS.join(','), OPENROUTER_BASE_URL: url }
  const gateway = await startGateway({ environment, mappings: { mine: 'openrouter:mine' } })
  const used = new Set<string>()
  for (let number = 0; number < 12; number++) {
    const named = { model: 'mine', input: 'Hi', prompt_cache_key: `cache-${number}` }
    const ofUser = { model: 'mine', messages: [{ role: 'user', content: `q${number}` }] }
    for (const [path, beside, body] of [
      ['responses', 'responses/compact', named],
      ['responses', 'responses/input_tokens', named],
      ['messages', 'messages/count_tokens', ofUser],
    ] as const) {
      const key = (await keyOf(gateway, body, {}, `/v1/${path}`)) ?? ''
      expect([beside, await keyOf(gateway, body, {}, `/v1/${beside}`)]).toEqual([beside, key])
      used.add(key)
    }
  }
  expect(used.size).toBeGreaterThan(2)
  const metadata = { user_id: 'user_1_account__session_a-b-c' }
  await keyOf(gateway, { model: 'mine', messages: [], metadata }, {}, '/v1/messages/count_tokens')
  expect((await gateway.records(73)).at(-1)).toMatchObject({ dialog_id: 'a-b-c', dialog_source: 'metadata.user_id' })
})

test('the metrics say how many attempts used the key of their conversation', async () => {
  const environment = { OPENROUTER_API_KEY: 'secret-1,secret-2' }
  const { gateway } = await startWithUpstream({ environment })
  for (let number = 0; number < 20; number++) {
    await gateway.post(chat('mock/429-for-key-1', { prompt_cache_key: String(number) }))
  }
  const { kept, moved } = gateway.gateway.metrics.affinity
  // One attempt was refused; then every conversation used the other key.
  expect([kept + moved, kept > 4, moved > 4]).toEqual([21, true, true])
  const requestLog = { lost: 0, waitingBytes: 0 }
  const page = await createMetricsPage({ metrics: gateway.gateway.metrics, running: gateway.running, requestLog })()
  expect(page).toContain(`ai_proxy_affinity_total{result="kept"} ${kept}\n`)
  expect(page).toContain(`ai_proxy_affinity_total{result="moved"} ${moved}\n`)
})
