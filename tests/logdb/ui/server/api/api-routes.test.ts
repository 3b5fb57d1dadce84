import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { hashApiKey } from '../../../../../kit/api-keys.ts'
import { chat, jsonl, record, timestampAt } from '../../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../../helpers/logdb/sqlite-test.ts'
import { startUi, type UiServer } from '../../../../helpers/logdb/ui-server.ts'
import { type Workspace, workspace } from '../../../../helpers/logdb/workspace.ts'
import { sharedTempFolder } from '../../../../helpers/temp-folder.ts'

const [VIEWER, ADMIN, OWN] = ['viewer-key', 'admin-key', 'a-key-of-the-gateway']
const OWN_HASH = hashApiKey(OWN)
const ENVIRONMENT = {
  LOGUI_API_KEYS: `${VIEWER}, other`,
  LOGUI_ADMIN_API_KEYS: ADMIN,
  API_KEYS: `laptop:${OWN}`,
  LOGUI_ALLOWED_ORIGINS: 'https://app.example',
}
/** Two days, several requests in each second. */
const RECORDS = Array.from({ length: 30 }, (_, index) =>
  record({
    x_request_id: `r${index}`,
    timestamp: timestampAt(index % 4, index < 15 ? '2025-09-10T23:59:50Z' : '2025-09-11T00:00:00Z', 250_000),
    status_code: index % 10 === 0 ? 502 : 200,
    api_key_hash: index % 3 === 0 ? OWN_HASH : 'another',
    request: chat(`question ${index}`),
  }),
)

const FOLDER = sharedTempFolder()
let space: Workspace
let ui: UiServer

beforeAll(async () => {
  space = workspace(FOLDER)
  space.write('requests-x.jsonl', jsonl(RECORDS))
  await space.ingest()
  ui = await startUi(space.db, ENVIRONMENT)
})

afterAll(async () => {
  await ui.stop()
  expect(ui.errors).toEqual([])
})

async function json(path: string, key = VIEWER) {
  const answer = await ui.get(`/ui/v1${path}`, key)
  return { status: answer.status, headers: answer.headers, body: await answer.json() }
}

describe('the routes of the predecessor', () => {
  sqliteTest('health needs no key, and its other form needs one', async () => {
    expect(await (await ui.get('/ui/health')).json()).toEqual({ status: 'ok' })
    expect((await ui.get('/ui/v1/health')).status).toBe(401)
    expect((await json('/health')).body).toEqual({ status: 'ok' })
  })

  sqliteTest('config and whoami have its members', async () => {
    expect((await json('/config')).body).toEqual({
      version: 'ui.v1',
      features: { fts_enabled: true, text_logs_enabled: false, admin_enabled: true },
      limits: { rate_limit_rps: 1000 },
    })
    expect((await json('/whoami')).body).toEqual({ role: 'user' })
    expect((await json('/whoami', ADMIN)).body).toEqual({ role: 'admin' })
    expect((await json('/whoami', OWN)).body).toEqual({ role: 'user', key: OWN_HASH })
  })

  sqliteTest('every answer has its headers, and errors its members', async () => {
    const { status, headers, body } = await json('/requests/none')
    expect(status).toBe(404)
    expect(headers.get('x-api-version')).toBe('ui.v1')
    expect(body).toMatchObject({
      code: 404,
      message: expect.stringContaining('none'),
      requestId: headers.get('x-request-id'),
    })
  })

  sqliteTest('a list has its members, and pages that give every request once', async () => {
    const seen: string[] = []
    let cursor = ''
    do {
      const { body } = await json(`/requests?limit=7${cursor && `&cursor=${cursor}`}`)
      expect(body.items[0]).toMatchObject({
        request_id: expect.stringMatching(/^[0-9a-f]{64}$/),
        ts: expect.any(Number),
        endpoint: '/v1/chat/completions',
        model: 'openai/gpt-4o',
        latency_ms: 12.5,
      })
      seen.push(...body.items.map(({ request_id }: { request_id: string }) => request_id))
      cursor = body.nextCursor ?? ''
    } while (cursor !== '')
    expect(seen).toHaveLength(30)
    expect(new Set(seen).size).toBe(30)
  })

  sqliteTest('since and to are days of UTC, both included', async () => {
    const count = async (query: string) => (await json(`/requests?limit=500&${query}`)).body.items.length
    expect(await count('since=2025-09-10&to=2025-09-10')).toBe(15)
    expect(await count('since=2025-09-11')).toBe(15)
    expect(await count('since=2025-09-12')).toBe(0)
    expect(await count('status=5xx')).toBe(3)
  })

  sqliteTest('filters are those of the pages, and what they take is checked', async () => {
    const count = async (query: string) => (await json(`/requests?limit=500&${query}`)).body.items.length
    expect(await count('error=true')).toBe(3)
    expect(await count('error=false&stream=false&tools=false&outcome=ok')).toBe(27)
    expect(await count('provider=openrouter&min_latency=12&max_latency=1s&min_tokens=12')).toBe(30)
    expect(await count('max_tokens=11')).toBe(0)
    for (const query of ['stream=maybe', 'outcome=good', 'min_latency=long', 'max_tokens=few']) {
      expect([query, (await json(`/requests?${query}`)).status]).toEqual([query, 400])
    }
  })

  sqliteTest('facets are values to filter by, of the range', async () => {
    const { body } = await json('/facets?since=2025-09-11&to=2025-09-11')
    expect(body.status).toEqual([
      { value: '200', count: 14 },
      { value: '502', count: 1 },
    ])
    expect((await json('/facets')).body.status).toEqual([])
    const own = (await json('/facets?since=2025-09-01', OWN)).body
    expect(own.key).toEqual([{ value: OWN_HASH, count: 10 }])
  })

  sqliteTest('a request comes with its bodies as JSON', async () => {
    const [{ request_id }] = (await json('/requests?limit=1')).body.items
    const { body } = await json(`/requests/${request_id}`)
    expect(body).toMatchObject({ request_id, server_id: expect.any(String), status_code: 200, dialog_id: null })
    expect(body.request_json.messages[0].content).toMatch(/^question \d+$/)
    expect(body.response_json.choices[0].message.content).toBe('Hello')
  })
})

describe('the routes that the predecessor does not have', () => {
  sqliteTest('search gives messages with their matches, in pages', async () => {
    const first = (await json('/search?q=question&limit=20&status=2xx')).body
    expect(first.items[0]).toMatchObject({
      request_id: expect.stringMatching(/^[0-9a-f]{64}$/),
      role: 'user',
      model_original: 'gpt-4o',
      pieces: ['', 'question', expect.stringMatching(/^ \d+$/)],
    })
    const second = (await json(`/search?q=question&limit=20&status=2xx&cursor=${first.nextCursor}`)).body
    const ids = [...first.items, ...second.items].map(({ request_id }) => request_id)
    expect([new Set(ids).size, second.nextCursor]).toEqual([27, null])
    expect((await json('/search?q=question&role=assistant')).body.items).toEqual([])
    expect((await json('/search?q=question&limit=100', OWN)).body.items).toHaveLength(10)
    expect((await json('/search?q=%22')).status).toBe(400)
    expect((await json('/search')).status).toBe(400)
  })

  sqliteTest('stats has the figures of logdb stats --json', async () => {
    const { body } = await json('/stats?by=status,key&since=2025-09-11')
    const printed = await space.run(['stats', '--json', '--by', 'status,key', '--since', '2025-09-11'])
    expect(body).toEqual(JSON.parse(printed.stdout).result)
    expect(body.total.requests).toBe(15)
    expect((await json('/stats', OWN)).body.total.requests).toBe(10)
    expect((await json('/stats?by=color')).body.message).toBe('invalid grouping: color')
  })

  sqliteTest('a dialog has its requests with what each adds', async () => {
    const [{ request_id }] = (await json('/requests?limit=1')).body.items
    const { body } = await json(`/dialogs/${request_id}`)
    expect(body).toMatchObject({ items: [{ request_id, continues: null, status_code: 200 }], hasMore: false })
    expect(body.items[0].turns.map(({ role }: { role: string }) => role)).toEqual(['user', 'assistant'])
    expect((await json(`/dialogs/${await idOfOther()}`, OWN)).status).toBe(404)
  })

  sqliteTest('raw gives what is stored, whole or one body, as text', async () => {
    const id = await idOfOther()
    const text = async (query: string) => await (await ui.get(`/ui/v1/requests/${id}/raw${query}`, VIEWER)).text()
    const [stored] = await space.query<{ request_json: string }>(`SELECT * FROM requests WHERE request_id = '${id}'`)
    expect(await text('?part=request')).toBe(stored?.request_json)
    expect(JSON.parse(await text(''))).toEqual((await json(`/requests/${id}`)).body)
    const answer = await ui.get(`/ui/v1/requests/${id}/raw`, VIEWER)
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect((await json(`/requests/${id}/raw`, OWN)).status).toBe(404)
  })

  sqliteTest('export gives every request of a list, as CSV and as JSON Lines', async () => {
    const get = async (query: string, key = VIEWER) => await ui.get(`/ui/v1/export?${query}`, key)
    const csv = await get('status=502')
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="requests.csv"')
    const [head = '', ...lines] = (await csv.text()).trim().split('\n')
    expect(head.split(',').slice(0, 3)).toEqual(['request_id', 'ts', 'endpoint'])
    expect(lines).toHaveLength(3)
    const jsonLines = (await (await get('format=jsonl')).text()).trim().split('\n')
    expect(jsonLines.map((line) => JSON.parse(line))).toEqual((await json('/requests?limit=500')).body.items)
    expect((await (await get('format=jsonl', OWN)).text()).trim().split('\n')).toHaveLength(10)
    expect((await get('format=xml')).status).toBe(400)
    expect((await get('since=someday')).status).toBe(400)
  })
})

async function idOfOther(): Promise<string> {
  const { items } = (await json('/requests?key=another&limit=1')).body
  return items[0].request_id
}

describe('what is refused', () => {
  sqliteTest('what cannot be meant, with a sentence that says so', async () => {
    const wrong = [
      'limit=0',
      'limit=501',
      'cursor=none',
      'since=someday',
      'since=2025-09-11&to=2025-09-10',
      'status=abc',
    ]
    for (const query of wrong) {
      const { status, body } = await json(`/requests?${query}`)
      expect([query, status, body.code]).toEqual([query, 400, 400])
    }
    expect((await json('/nothing')).body).toMatchObject({ code: 404, message: 'there is no such page' })
  })

  sqliteTest('a key of the gateway sees its own requests only, however it asks', async () => {
    const all = (await json('/requests?limit=500')).body.items
    const own = (await json('/requests?limit=500&key=another', OWN)).body.items
    expect(own).toHaveLength(10)
    const other = all.find(({ api_key_hash }: { api_key_hash: string }) => api_key_hash === 'another')
    expect((await json(`/requests/${other.request_id}`, OWN)).status).toBe(404)
    expect((await json(`/requests/${own[0].request_id}`, OWN)).status).toBe(200)
    expect((await json('/requests/0', OWN)).body.message).toBe('there is no request 0')
  })

  sqliteTest('pages of other sites, except those that are allowed', async () => {
    const from = async (origin: string) => (await ui.get('/ui/v1/whoami', VIEWER, { origin })).headers
    expect((await from('https://evil.example')).get('access-control-allow-origin')).toBe(null)
    const allowed = await from('https://app.example')
    expect(allowed.get('access-control-allow-origin')).toBe('https://app.example')
    expect(allowed.get('access-control-allow-credentials')).toBe(null)
  })

  sqliteTest('LOGUI_ALLOWED_ORIGINS=*, which would show the logs to every site', async () => {
    await expect(startUi(space.db, { LOGUI_ALLOWED_ORIGINS: '*' })).rejects.toThrow('LOGUI_ALLOWED_ORIGINS: found "*"')
  })
})

describe('sessions', () => {
  sqliteTest('a key begins one, whose cookie no script and no other site can use', async () => {
    const answer = await fetch(`${ui.origin}/ui/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key: VIEWER }),
    })
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/; Path=\/ui; HttpOnly; SameSite=Strict$/)
    const session = cookie.split(';')[0] ?? ''
    expect((await ui.get('/ui/v1/whoami', undefined, { cookie: session })).status).toBe(200)
    const end = { method: 'DELETE', headers: { cookie: session } }
    expect(
      (
        await fetch(`${ui.origin}/ui/v1/session`, {
          ...end,
          headers: { ...end.headers, origin: 'https://evil.example' },
        })
      ).status,
    ).toBe(403)
    expect((await fetch(`${ui.origin}/ui/v1/session`, end)).status).toBe(200)
    expect((await ui.get('/ui/v1/whoami', undefined, { cookie: session })).status).toBe(401)
  })

  sqliteTest('who opened which request is written down, without keys', async () => {
    const [{ request_id }] = (await json('/requests?limit=1')).body.items
    await json(`/requests/${request_id}`, OWN)
    await ui.logIn('wrong')
    const folder = join(space.logs, 'ui')
    const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    const entries = lines.map((line) => JSON.parse(line))
    expect(entries).toContainEqual(expect.objectContaining({ deed: 'login_refused', who: null }))
    expect(entries).toContainEqual(
      expect.objectContaining({ deed: 'request', who: expect.stringMatching(/^user [0-9a-f]{8}$/) }),
    )
    for (const key of [VIEWER, ADMIN, OWN, 'wrong']) expect(lines.join('\n')).not.toContain(key)
  })
})

sqliteTest('openapi.json describes every route with what checks its requests', async () => {
  const document = await (await ui.get('/ui/v1/openapi.json')).json()
  const limit = document.paths['/ui/v1/requests'].get.parameters.find(({ name }: { name: string }) => name === 'limit')
  expect(limit).toMatchObject({ in: 'query', required: false, schema: { minimum: 1, maximum: 500, default: 50 } })
  expect(document.paths['/ui/v1/requests/{id}'].get.parameters[0]).toMatchObject({ in: 'path', required: true })
  expect(document.paths['/ui/v1/session'].post.requestBody.content['application/json'].schema.required).toEqual(['key'])
})

sqliteTest('wrong keys are refused for a while, also a correct one', async () => {
  const other = await startUi(space.db, ENVIRONMENT)
  const statusOf = async (key: string) => (await other.get('/ui/v1/whoami', key)).status
  const statuses: number[] = []
  // More than once as many as are allowed, because a new minute may begin meanwhile.
  while (!statuses.includes(429) && statuses.length < 21) statuses.push(await statusOf(`wrong${statuses.length}`))
  const last = await other.get('/ui/v1/whoami', VIEWER)
  await other.stop()
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401))
  expect([statuses.at(-1), last.status]).toEqual([429, 429])
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
})

sqliteTest(
  'behind a proxy of a private network, it says who asks and over what; without LOGUI_HOST nobody is believed',
  async () => {
    const headers = {
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '198.51.100.7',
      'content-type': 'application/json',
    }
    const init = { method: 'POST', headers, body: JSON.stringify({ key: VIEWER }) }
    const secure = async ({ origin }: UiServer) =>
      (await fetch(`${origin}/ui/v1/session`, init)).headers.get('set-cookie')?.includes('; Secure')
    const proxied = await startUi(space.db, { ...ENVIRONMENT, LOGUI_HOST: '0.0.0.0' })
    expect([await secure(proxied), await secure(ui)]).toEqual([true, false])
    await proxied.stop()
    const [file = ''] = readdirSync(join(space.logs, 'ui'))
    const lines = readFileSync(join(space.logs, 'ui', file), 'utf8')
      .trimEnd()
      .split('\n')
    const addresses = lines.slice(-2).map((line) => JSON.parse(line).address)
    expect(addresses).toEqual(['198.51.100.7', '127.0.0.1'])
  },
)
