import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dialogWithFirst, errorOf, type GatewayOptions } from '../../helpers/gateway/gateway.ts'
import { event, type RawRequest, reply, startBeforeRaw, stream } from '../../helpers/gateway/raw-upstream.ts'

const KEY_LIST = ['key-of-org-a', 'key-of-org-b', 'key-of-org-c']
const KEYS = { OPENAI_API_KEY: KEY_LIST.join() }
/** Dialogs that would go to each of the keys. */
const DIALOGS = KEY_LIST.map((key) => dialogWithFirst([key, ...KEY_LIST.filter((other) => other !== key)]))
const ALICE = 'alice-key-0123456789'
const BOB = 'bob-key-0123456789'

/** A provider that knows a response, and can read reasoning, only with the key that made it. */
function startOrganisations(options: GatewayOptions = {}) {
  const makers = new Map<string, string>()
  const prefix = randomUUID().slice(0, 8)
  let count = 0
  const answer = ({ headers, body }: RawRequest) => {
    const key = headers['authorization'] ?? ''
    const { previous_response_id: previous, input, stream: isStream } = JSON.parse(body)
    const sent = Array.isArray(input) ? input.flatMap((item) => item.encrypted_content ?? []) : []
    const isForeign = [previous, ...sent].some((id) => id !== undefined && makers.get(id) !== key)
    if (isForeign) return reply(400, { error: { message: 'not mine', code: 'previous_response_not_found' } })
    const id = `resp_${prefix}_${++count}`
    const output = [{ type: 'reasoning', id: `rs_${count}`, encrypted_content: `secret-${prefix}_${count}` }]
    makers.set(id, key).set(`secret-${prefix}_${count}`, key)
    const response = { id, object: 'response', status: 'completed', output }
    if (!isStream) return reply(200, response)
    const started = { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } }
    return stream(event(started), event({ type: 'response.completed', response }))
  }
  return startBeforeRaw(
    (socket, request) => void socket[request.body.includes('"stream":true') ? 'end' : 'write'](answer(request)),
    {
      ...options,
      environment: { ...KEYS, ...options.environment },
    },
  )
}

type Gateway = Awaited<ReturnType<typeof startOrganisations>>['gateway']

/** @param dialog 0 for one that would go to the first key */
async function ask(gateway: Gateway, more: object, { key = ALICE, dialog = 0 } = {}) {
  const body = { model: 'mine', input: 'Hi', ...more }
  const headers = { authorization: `Bearer ${key}`, ...DIALOGS[dialog] }
  const { status, text } = await gateway.post(body, headers, '/v1/responses')
  const n = /resp_(\w+)/.exec(text)?.[1]
  return { status, text, id: `resp_${n}`, secret: `secret-${n}` }
}

test.for([false, true])(
  'a conversation continues with the key that made its last response (stream: %s)',
  async (isStream) => {
    const { gateway, upstream } = await startOrganisations()
    const first = await ask(gateway, { stream: isStream })
    let last = first
    for (let turn = 0; turn < 5; turn++) {
      await ask(gateway, { stream: isStream }, { dialog: turn % 3 })
      last = await ask(gateway, { stream: isStream, previous_response_id: last.id }, { dialog: (turn + 1) % 3 })
      expect(last.status).toBe(200)
    }
    const used = new Set(upstream.requests.map(({ headers }) => headers['authorization']))
    expect(used.size).toBe(3)
  },
)

test.for([false, true])('reasoning goes back to the key that encrypted it (stream: %s)', async (isStream) => {
  const { gateway } = await startOrganisations()
  const { secret } = await ask(gateway, { stream: isStream })
  for (let turn = 0; turn < 4; turn++) {
    const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: secret }
    const input = [{ role: 'user', content: 'Hi' }, reasoning, { role: 'user', content: 'And?' }]
    expect((await ask(gateway, { stream: isStream, input }, { dialog: turn % 3 })).status).toBe(200)
  }
})

test('another process with the same logs knows the maker, and the files hold no id', async () => {
  const { gateway } = await startOrganisations()
  const { id } = await ask(gateway, {})
  const folder = join(gateway.logDir, 'objects')
  const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  expect(kept.join('')).toMatch(/^\t{3}\n[\w-]{43}\topenai\t[\da-f]{16}\t\n[\w-]{43}\t/)
  expect(kept.join('')).not.toMatch(/resp_|secret|key-of-org/)
  const other = await startOrganisations({ environment: { LOG_DIR: gateway.logDir } })
  await ask(other.gateway, {}, { dialog: 1 })
  const { status, text } = await ask(other.gateway, { previous_response_id: id }, { dialog: 2 })
  // This provider does not know it, but it was asked with the maker's key.
  expect([status, errorOf({ text }).code]).toEqual([400, 'previous_response_not_found'])
  expect(other.upstream.requests.map(({ headers }) => headers['authorization'])).toEqual([
    'Bearer key-of-org-b',
    'Bearer key-of-org-a',
  ])
})

test('a response belongs to the API key that made it', async () => {
  const { gateway, upstream } = await startOrganisations({ environment: { API_KEYS: `alice:${ALICE},bob:${BOB}` } })
  const { id } = await ask(gateway, {})
  const foreign = await ask(gateway, { previous_response_id: id }, { key: BOB })
  expect([foreign.status, errorOf(foreign)]).toEqual([
    404,
    expect.objectContaining({ code: 'object_not_found', param: 'previous_response_id' }),
  ])
  expect(upstream.requests).toHaveLength(1)
  expect((await ask(gateway, { previous_response_id: id })).status).toBe(200)
  expect((await gateway.records(3)).map(({ outcome }) => outcome)).toEqual(['ok', 'rejected', 'ok'])
})

test.for([
  ['stored', false, undefined, 404],
  ['stored', true, undefined, 404],
  ['not stored', false, false, 200],
  ['not stored', true, false, 200],
] as const)(
  'an item of a response that is %s (stream: %s) belongs to its API key',
  async ([, isStream, store, status]) => {
    const item = { type: 'image_generation_call', id: `ig_${randomUUID()}` }
    const response = { id: `resp_${randomUUID()}`, object: 'response', status: 'completed', store, output: [item] }
    const answer = isStream
      ? stream(
          event({ type: 'response.created', response: { ...response, output: [] } }),
          event({ type: 'response.output_item.done', output_index: 0, item }),
          event({ type: 'response.completed', response }),
        )
      : reply(200, response)
    const { gateway } = await startBeforeRaw((socket) => void socket.end(answer), {
      environment: { ...KEYS, API_KEYS: `${ALICE},${BOB}` },
    })
    await ask(gateway, { stream: isStream })
    const input = [{ type: 'item_reference', id: item.id }]
    const foreign = await ask(gateway, { stream: isStream, input }, { key: BOB })
    expect(foreign.status).toBe(status)
    if (status === 404) expect(errorOf(foreign)).toMatchObject({ code: 'object_not_found', param: 'input' })
    expect((await ask(gateway, { stream: isStream, input })).status).toBe(200)
  },
)

test('a response that is larger than the log may hold has an owner, and so have its last items', async () => {
  const output = [
    { type: 'x', data: 'y'.repeat(400_000) },
    { type: 'image_generation_call', id: 'ig_last' },
  ]
  const answer = { id: 'resp_large', object: 'response', status: 'completed', output }
  const { gateway } = await startBeforeRaw((socket) => void socket.write(reply(200, answer)), {
    environment: { ...KEYS, API_KEYS: `${ALICE},${BOB}`, LOG_BODY_MAX_BYTES: '20000' },
  })
  expect((await ask(gateway, {})).status).toBe(200)
  for (const more of [{ previous_response_id: 'resp_large' }, { input: [{ type: 'item_reference', id: 'ig_last' }] }]) {
    expect((await ask(gateway, more, { key: BOB })).status).toBe(404)
  }
})

test('what was made before there were API keys is anybody’s', async () => {
  const { gateway } = await startOrganisations()
  const { id } = await ask(gateway, {})
  const later = await startOrganisations({ environment: { LOG_DIR: gateway.logDir, API_KEYS: `${ALICE},${BOB}` } })
  const { status, text } = await ask(later.gateway, { previous_response_id: id }, { key: BOB })
  expect([status, errorOf({ text }).code]).toEqual([400, 'previous_response_not_found'])
})

test('an id that is not known goes to any key, and the error of the provider is passed on', async () => {
  const { gateway } = await startOrganisations({ environment: { API_KEYS: `${ALICE},${BOB}` } })
  const { status, text } = await ask(gateway, { previous_response_id: 'resp_elsewhere' })
  expect([status, errorOf({ text }).code]).toEqual([400, 'previous_response_not_found'])
})

test('if the maker’s key is refused, no other key and no fallback is tried', async () => {
  const { gateway, upstream } = await startBeforeRaw(
    (socket, { body }) => {
      const isSecond = body.includes('previous_response_id')
      const limited = reply(429, { error: { message: 'slow down' } })
      socket.write(isSecond ? limited : reply(200, { id: 'resp_1', object: 'response', status: 'completed' }))
    },
    { environment: KEYS, config: { fallbacks: { mine: ['echo'] } } },
  )
  const { id } = await ask(gateway, {})
  expect((await ask(gateway, { previous_response_id: id }, { dialog: 1 })).status).toBe(429)
  expect(upstream.requests.map(({ headers }) => headers['authorization'])).toEqual([
    'Bearer key-of-org-a',
    'Bearer key-of-org-a',
  ])
})

test('a request of another API keeps nothing', async () => {
  const { gateway } = await startBeforeRaw((socket) => void socket.write(reply(200, { id: 'c', choices: [] })))
  await gateway.post({ model: 'mine', messages: [{ role: 'user', content: 'previous_response_id' }] })
  expect(existsSync(join(gateway.logDir, 'objects'))).toBe(false)
})
