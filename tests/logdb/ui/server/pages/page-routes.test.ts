import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect } from 'vitest'
import { hashApiKey } from '../../../../../kit/api-keys.ts'
import { chat, completion, jsonl, record, timestampAt } from '../../../../helpers/logdb/logs.ts'
import { makeOlder } from '../../../../helpers/logdb/older-partition.ts'
import { sqliteTest } from '../../../../helpers/logdb/sqlite-test.ts'
import { startUi, type UiServer } from '../../../../helpers/logdb/ui-server.ts'
import { openDatabase, type Workspace, workspace } from '../../../../helpers/logdb/workspace.ts'
import { sharedTempFolder } from '../../../../helpers/temp-folder.ts'

const [VIEWER, OWN] = ['viewer-key', 'a-key-of-the-gateway']
const HOSTILE = `</script><script>alert(1)</script><img src=x onerror=alert(2)> \u202eevil ' " & 🙂 needle`
const CALL = {
  role: 'assistant',
  content: null,
  tool_calls: [{ id: 'c', function: { name: 'ls', arguments: '{"a":1}' } }],
}
const RECORDS = [
  ...Array.from({ length: 130 }, (_, index) =>
    record({ x_request_id: `r${index}`, timestamp: timestampAt(index), request: chat(`question ${index}`) }),
  ),
  record({
    x_request_id: 'recent',
    timestamp: new Date(Date.now() - 60_000).toISOString(),
    model_original: 'recent-model',
    usage: { prompt_tokens: 7, completion_tokens: 5, cost: 0.0025 },
    request: chat('asked a minute ago'),
  }),
  record({
    x_request_id: 'hostile',
    timestamp: '2025-09-11T10:00:00Z',
    status_code: 502,
    outcome: 'upstream_error',
    dispatched_ms: 0.25,
    retries: 1,
    model_original: HOSTILE,
    api_key_hash: hashApiKey(OWN),
    dialog_id: 'dialog-1',
    request: {
      model: 'gpt-4o',
      temperature: 0.5,
      messages: [CALL, { role: 'tool', content: 'a.txt' }, { role: 'user', content: HOSTILE }],
    },
    response: completion(HOSTILE),
  }),
]

const FOLDER = sharedTempFolder()
let ui: UiServer
let space: Workspace
let cookie = ''

beforeAll(async () => {
  space = workspace(FOLDER)
  space.write('requests-x.jsonl', jsonl(RECORDS))
  await space.ingest()
  ui = await startUi(space.db, { LOGUI_API_KEYS: VIEWER, API_KEYS: OWN })
  cookie = await ui.logIn(VIEWER)
})

afterAll(async () => {
  await ui.stop()
  expect(ui.errors).toEqual([])
})

async function page(path: string, session = cookie) {
  const answer = await ui.get(path, undefined, { cookie: session })
  return { status: answer.status, headers: answer.headers, html: await answer.text() }
}

const textOf = (html: string) => html.replaceAll(/<[^>]*>/g, '\n')

sqliteTest('the first HTML has the requests, the latest first, and leads to the earlier ones', async () => {
  const { html } = await page('/ui/requests')
  const questions = [...html.matchAll(/question (\d+)</g)].map(([, number]) => Number(number))
  expect(questions).toEqual(Array.from({ length: 98 }, (_, index) => 129 - index))
  const [, next = ''] = /href="([^"]+)" rel="next"/.exec(html) ?? []
  const earlier = await page(next.replaceAll('&amp;', '&'))
  expect(earlier.html.match(/question \d+</g)).toHaveLength(32)
})

sqliteTest('filters stand in the URL, in the form and in the link to the next page', async () => {
  const { html } = await page('/ui/requests?status=2xx&since=2025-09-10&model=')
  expect(html).toMatch(/name="status"[^>]*value="2xx"/)
  expect(html).toMatch(/href="\/ui\/requests\?since=2025-09-10&amp;status=2xx&amp;cursor=\w+"/)
  expect(textOf((await page('/ui/requests?model=none')).html)).toContain('No request was found')
})

sqliteTest('a wrong filter is answered with a page that says what to write', async () => {
  const { status, html } = await page('/ui/requests?since=someday')
  expect(status).toBe(400)
  expect(textOf(html)).toContain('Invalid time: someday.')
  for (const query of ['status=abc', 'error=maybe', 'min_latency=long', 'max_tokens=few']) {
    expect([query, (await page(`/ui/requests?${query}`)).status]).toEqual([query, 400])
  }
})

sqliteTest('a page that is none is a page too, except for programs', async () => {
  const accept = 'text/html,*/*;q=0.8'
  const none = await ui.get('/ui/nothing', undefined, { cookie, accept })
  const html = await none.text()
  expect([none.status, textOf(html)]).toEqual([404, expect.stringContaining('There is no such page.')])
  expect(html).toContain('href="/ui/overview"')
  expect((await ui.get('/ui/nothing', undefined, { accept })).status).toBe(401)
  for (const [path, session] of [
    ['/ui/nothing', {}],
    ['/ui/v1/nothing', { accept }],
  ] as const) {
    const answer = await ui.get(path, undefined, session)
    expect([answer.status, await answer.json()]).toEqual([404, expect.objectContaining({ code: 404 })])
  }
  expect((await ui.get('/')).headers.get('location')).toBe('/ui/requests')
  expect(textOf((await page('/ui/dialogs/none')).html)).toContain('Find ids in the list of requests.')
})

sqliteTest('an address that cannot be read is answered as any other error', async () => {
  const answer = await ui.get('/ui/requests/%FF')
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(await answer.json()).toMatchObject({ code: 400, requestId: answer.headers.get('x-request-id') })
})

sqliteTest('of a name that an address has twice the first value is meant', async () => {
  const { html } = await page('/ui/search?q=needle&q=unfindable')
  expect(html).toContain('<mark>needle</mark>')
  const path = await hostilePath()
  expect((await page(`${path}?tab=request&tab=raw&at=/model&at=/messages`)).html).toContain('gpt-4o')
  const id = path.split('/').at(-1)
  expect((await page(`/ui/compare?a=${id}&a=1&b=${id}&b=2`)).status).toBe(200)
})

sqliteTest('the URL chooses columns and the order of the loaded rows, and the next page keeps them', async () => {
  const { html } = await page('/ui/requests?columns=provider,question&sort=question')
  const titles = [...html.matchAll(/<th scope="col"[^>]*><a href="[^"]+">([^<]+)</g)].map(([, title]) => title)
  expect(titles).toEqual(['Question', 'Provider'])
  const questions = [...html.matchAll(/question \d+</g)].map(String)
  expect(questions).toEqual([...questions].sort())
  expect(html).toContain('aria-sort="ascending"')
  expect(html).toMatch(/href="\/ui\/requests\?columns=provider%2Cquestion&amp;sort=question&amp;cursor=\w+"/)
  expect((await page('/ui/requests?columns=none&sort=-none')).html).toContain('>Tokens in / out<')
})

async function hostilePath(): Promise<string> {
  const { html } = await page('/ui/requests?status=502')
  return /href="(\/ui\/requests\/[0-9a-f]{64})"/.exec(html)?.[1] ?? ''
}

sqliteTest('a request shows who said what, calls of tools and their results', async () => {
  const text = textOf((await page(await hostilePath())).html)
  for (const said of ['Call of ls', 'a: 1', 'Result', 'a.txt', 'temperature=0.5', '502 · upstream_error · stop']) {
    expect(text).toContain(said)
  }
})

sqliteTest('nothing of a log becomes markup, in any page', async () => {
  const path = await hostilePath()
  const paths = [
    '/ui/requests',
    path,
    `${path}?tab=request`,
    `${path}?tab=response`,
    '/ui/dialogs/dialog-1',
    '/ui/search?q=needle',
  ]
  for (const one of paths) {
    const { html, status } = await page(one)
    expect([one, status]).toEqual([one, 200])
    expect(html).toContain('alert(2)')
    expect(html).not.toMatch(/<img|<script>/)
  }
})

sqliteTest('pages allow no script but ours, and no answer is kept by the browser', async () => {
  const { headers } = await page('/ui/requests')
  const policy = headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'; script-src 'none'; style-src 'self'")
  expect(headers.get('cache-control')).toBe('no-store')
})

sqliteTest('tabs show the bodies and the times', async () => {
  const path = await hostilePath()
  expect(textOf((await page(`${path}?tab=request`)).html)).toMatch(/temperature:\n+ ?\n*0\.5/)
  const timing = textOf((await page(`${path}?tab=timing`)).html)
  expect(timing).toMatch(/First byte of the answer\n+3 ms/)
  expect(timing).toContain('Sent to the provider')
  expect(timing).toContain('There were 2 attempts')
})

sqliteTest('search shows excerpts with what was found', async () => {
  const { html } = await page('/ui/search?q=needle')
  expect(html).toContain('<mark>needle</mark>')
  expect(textOf((await page('/ui/search?q=unfindable')).html)).toContain('Nothing was found')
  expect((await page('/ui/search?q=%22')).status).toBe(400)
})

sqliteTest('the data of a page comes alone for a page that is open already', async () => {
  const answer = await ui.get('/ui/requests?status=502', undefined, { cookie, accept: 'application/json' })
  expect(await answer.json()).toMatchObject({
    kind: 'requests',
    list: { rows: [{ status: 502, question: expect.any(String) }] },
  })
})

sqliteTest('a key of the gateway sees the pages of its own requests only', async () => {
  const session = await ui.logIn(OWN)
  expect((await page('/ui/requests', session)).html).not.toContain('question 1')
  expect((await page(await hostilePath(), session)).status).toBe(200)
  const { html } = await page('/ui/requests')
  const [, other = ''] = /href="(\/ui\/requests\/[0-9a-f]{64})"[^<]*>question/.exec(html) ?? []
  expect((await page(other, session)).status).toBe(404)
  expect((await page(other.replace('requests', 'dialogs'), session)).status).toBe(404)
  expect(textOf((await page('/ui/search?q=question', session)).html)).toContain('Nothing was found')
})

sqliteTest('without a session every page is the login page, which leads back', async () => {
  const { status, html } = await page('/ui/requests?status=502', '')
  expect(status).toBe(401)
  expect(html).toContain('value="/ui/requests?status=502"')
  const form = (fields: Record<string, string>, headers = {}) =>
    fetch(`${ui.origin}/ui/login`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual', headers })
  const entered = await form({ key: VIEWER, next: '/ui/requests?status=502' })
  expect([entered.status, entered.headers.get('location')]).toEqual([303, '/ui/requests?status=502'])
  expect((await form({ key: VIEWER, next: '//evil.example' })).headers.get('location')).toBe('/ui/requests')
  const wrong = await form({ key: 'wrong', next: '/ui/requests?status=502' })
  const again = await wrong.text()
  expect([wrong.status, textOf(again)]).toEqual([401, expect.stringContaining('This key may not read the logs')])
  expect(again).toContain('value="/ui/requests?status=502"')
  expect((await form({})).status).toBe(401)
  expect((await form({ key: VIEWER }, { origin: 'https://evil.example' })).status).toBe(403)
})

sqliteTest('a login in another form is a wrong one', async () => {
  const headers = { 'content-type': 'application/json' }
  for (const body of ['{"key":5}', '{"key":["a"]}', '[]', 'null', '"key"']) {
    const { status } = await fetch(`${ui.origin}/ui/login`, { method: 'POST', headers, body })
    expect([body, status]).toEqual([body, 401])
  }
})

sqliteTest('the link that is printed logs in once', async () => {
  const first = await ui.get(ui.loginPath)
  const session = first.headers.get('set-cookie')?.split(';')[0] ?? ''
  expect((await page('/ui/requests', session)).status).toBe(200)
  const again = await page(ui.loginPath, '')
  expect([again.status, again.headers.get('set-cookie')]).toEqual([401, null])
  expect(textOf(again.html)).toContain('This link was used')
})

sqliteTest('files have names of their content, may be kept, and come compressed', async () => {
  const { html } = await page('/ui/requests')
  const [, path = ''] = /rel="stylesheet" href="([^"]+)"/.exec(html) ?? []
  const answer = await ui.get(path)
  const content = Buffer.from(await answer.arrayBuffer())
  expect(path).toContain(createHash('sha256').update(content).digest('hex').slice(0, 12))
  expect(answer.headers.get('content-encoding')).toBe('gzip')
  expect(answer.headers.get('cache-control')).toContain('immutable')
  expect((await ui.get('/ui/assets/none.css')).status).toBe(404)
})

sqliteTest('the overview counts requests by time, model and key, and leads to them', async () => {
  for (const range of ['24h', '7d']) {
    const { html } = await page(`/ui/overview?range=${range}`)
    expect(html.match(/class="area"/g)).toHaveLength(range === '24h' ? 24 : 7)
    expect(html.match(/: 1 request, 0 errors<\/title>/g)).toHaveLength(1)
    expect(textOf(html)).toMatch(/Tokens in\n+7\n/)
    const [, bar = ''] = /href="([^"]+)" aria-label="[^"]*: 1 request,/.exec(html) ?? []
    const [, model = ''] = /href="([^"]+)">(?:recent-model|openai\/gpt-4o)</.exec(html) ?? []
    for (const path of [bar, model]) {
      const { html: list } = await page(path.replaceAll('&amp;', '&'))
      expect(list.match(/asked a minute ago/g)).toHaveLength(1)
    }
  }
  expect(textOf((await page('/ui/overview?range=toString')).html)).toContain('7 days')
})

sqliteTest('the overview of a key of the gateway has only its own requests', async () => {
  const { html } = await page('/ui/overview', await ui.logIn(OWN))
  expect(textOf(html)).toContain('There is no request in this time')
})

sqliteTest('the overview shows earlier times, hours instead of days, and one model only', async () => {
  const { html } = await page('/ui/overview?range=7d&to=2025-09-12&by=hour')
  expect(html.match(/class="area"/g)).toHaveLength(7 * 24)
  expect(textOf(html)).toContain('2025-09-06 00:00 – 2025-09-12 23:00')
  expect(html).toContain('href="/ui/overview?range=7d&amp;by=hour&amp;to=2025-09-05" rel="prev"')
  expect(html).toContain('href="/ui/overview?range=7d&amp;by=hour&amp;to=2025-09-19" rel="next"')
  const [, chart = ''] = /href="([^"]+)" aria-label="Charts of gpt-4o only"/.exec(html) ?? []
  const { html: limited } = await page(chart.replaceAll('&amp;', '&'))
  expect(textOf(limited)).toMatch(/Requests\n+130\n/)
  expect(textOf((await page('/ui/overview?to=2025-02-31')).html)).toContain(new Date().toISOString().slice(0, 10))
})

sqliteTest('the overview shows first bytes, and costs where providers report them, also of one provider', async () => {
  const text = textOf((await page('/ui/overview')).html)
  expect(text).toMatch(/First byte p50 \/ p95 \/ p99\n+3 ms \/ 3 ms \/ 3 ms\n/)
  expect(text).toMatch(/\nCost\n+0\.002500\n/)
  const without = textOf((await page('/ui/overview?range=7d&to=2025-09-12')).html)
  expect(without).not.toContain('\nCost\n')
  const [, chart = ''] =
    /href="([^"]+)" aria-label="Charts of openrouter only"/.exec((await page('/ui/overview')).html) ?? []
  expect(chart).toBe('/ui/overview?range=7d&amp;provider=openrouter')
  const { html } = await page(chart.replaceAll('&amp;', '&'))
  expect(textOf(html)).toMatch(/Only \n?provider\n? \n?openrouter/)
  expect(textOf((await page('/ui/overview?provider=none')).html)).toContain('There is no request in this time')
})

sqliteTest('the overview says of how many requests an earlier version counted nothing', async () => {
  const [, path = ''] = space.partitions()
  await makeOlder(path, 9)
  const { html } = await page('/ui/overview?range=7d&to=2025-09-12')
  expect(textOf(html)).toMatch(/First bytes and costs of 1 request are not counted yet/)
})

sqliteTest('the overview of one model does not read many requests, and says which tables that leaves out', async () => {
  const limited = '/ui/overview?range=7d&to=2025-09-12&model=gpt-4o'
  expect(textOf((await page(limited)).html)).toMatch(/Requests\n+130\n/)
  const [, path = ''] = space.partitions()
  for (const one of [space.partitions()[0] ?? '', path]) {
    const db = await openDatabase(one)
    db.exec(`UPDATE ${one === path ? 'rollup' : 'z_rollup'} SET requests = 200000 WHERE name = 'gpt-4o'`)
    db.close()
  }
  const { html } = await page(limited)
  expect(textOf(html)).toMatch(/Requests\n+200 000\n/)
  expect(textOf(html)).toContain('These are too many requests for tables by model, key and provider')
  expect(html.match(/: 200 000 requests, 0 errors<\/title>/g)).toHaveLength(1)
})
