import { afterAll, beforeAll, expect } from 'vitest'
import { hashApiKey } from '../../../../../kit/api-keys.ts'
import { chat, completion, jsonl, record, timestampAt } from '../../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../../helpers/logdb/sqlite-test.ts'
import { startUi, type UiServer } from '../../../../helpers/logdb/ui-server.ts'
import { workspace } from '../../../../helpers/logdb/workspace.ts'
import { sharedTempFolder } from '../../../../helpers/temp-folder.ts'

const [VIEWER, OWN] = ['viewer-key', 'a-key-of-the-gateway']
const PIXELS = Buffer.from('89504e470d0a1a0a', 'hex')
const IMAGE = { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXELS.toString('base64')}` } }
const dialog = (index: number, text: string, fields = {}) =>
  record({ x_request_id: text, timestamp: timestampAt(index), dialog_id: 'd', request: chat(text), ...fields })
const OTHER_PIXELS = Buffer.from('474946383961', 'hex')
const OTHER = { type: 'image_url', image_url: { url: `data:image/gif;base64,${OTHER_PIXELS.toString('base64')}` } }
const notes = ['data:image/jpeg;sha256=abc123;bytes=12345', 'https://pictures.example/cat.png'].map((url) => ({
  type: 'image_url',
  image_url: { url },
}))
/** The second request repeats the first one, and adds a picture and two that the log does not hold. */
const firstTurn = [{ role: 'user', content: ['look', IMAGE] }]
const PICTURES = [
  firstTurn,
  [...firstTurn, completion('Nice').choices[0]?.message, { role: 'user', content: [OTHER, ...notes] }],
].map((messages, index) =>
  record({
    x_request_id: `pictures-${index}`,
    timestamp: timestampAt(index, '2025-09-12T00:00:00Z'),
    dialog_id: 'pictures',
    request: { model: 'm', messages },
    response: completion('Nice'),
    usage: { prompt_tokens: 1000, completion_tokens: 20, ...(index === 1 && { cost: 0.25 }) },
  }),
)
const RECORDS = [
  ...PICTURES,
  dialog(0, 'first', { request: { model: 'm', messages: [{ role: 'user', content: ['see', IMAGE] }] } }),
  dialog(1, 'second', { api_key_hash: hashApiKey(OWN), temperature: 1 }),
  dialog(2, 'third', {
    timestamp: timestampAt(0, '2025-09-11T00:00:00Z'),
    response: completion('other'),
    latency_ms: 25,
  }),
]

const FOLDER = sharedTempFolder()
let ui: UiServer
let cookie = ''
const ids: Record<string, string> = {}

beforeAll(async () => {
  const space = workspace(FOLDER)
  space.write('requests-x.jsonl', jsonl(RECORDS))
  await space.ingest()
  for (const { request_id, x_request_id } of await space.query<Record<string, string>>(
    'SELECT request_id, x_request_id FROM request_details',
  )) {
    ids[x_request_id ?? ''] = request_id ?? ''
  }
  ui = await startUi(space.db, { LOGUI_API_KEYS: VIEWER, API_KEYS: OWN })
  cookie = await ui.logIn(VIEWER)
})

afterAll(async () => {
  await ui.stop()
  expect(ui.errors).toEqual([])
})

async function page(path: string, session = cookie) {
  const answer = await ui.get(path, undefined, { cookie: session })
  return { status: answer.status, html: await answer.text() }
}

const textOf = (html: string) => html.replaceAll(/<[^>]*>/g, '').replaceAll('&quot;', '"')
const pathTo = (name: string) => `/ui/requests/${ids[name]}`

sqliteTest('the previous and the next request of the dialog, also of another day', async () => {
  const { html } = await page(pathTo('second'))
  expect(html).toContain(`href="${pathTo('first')}" rel="prev"`)
  expect(html).toContain(`href="${pathTo('third')}" rel="next"`)
  expect((await page(pathTo('third'))).html).not.toContain('rel="next"')
  const own = await page(pathTo('second'), await ui.logIn(OWN))
  expect([own.status, own.html.includes('rel="prev"')]).toEqual([200, false])
})

sqliteTest('an image that the log holds comes from the log, and only to those who may see the request', async () => {
  const path = `${pathTo('first')}/images/0`
  expect((await page(pathTo('first'))).html).toContain(`<img src="${path}"`)
  const answer = await ui.get(path, undefined, { cookie })
  expect([answer.headers.get('content-type'), Buffer.from(await answer.arrayBuffer())]).toEqual(['image/png', PIXELS])
  expect((await ui.get(path)).status).toBe(401)
  expect((await page(path, await ui.logIn(OWN))).status).toBe(404)
  expect((await page(`${pathTo('first')}/images/1`)).status).toBe(404)
})

sqliteTest('the raw record has all fields', async () => {
  expect(textOf((await page(`${pathTo('second')}?tab=raw`)).html)).toContain('"x_request_id": "second"')
})

sqliteTest('a place in a body is a URL, and a wrong one says so', async () => {
  const { html } = await page(`${pathTo('second')}?tab=request&at=/messages/0`)
  expect(textOf(html)).toContain('Whole body / messages / 0')
  expect(textOf(html)).toContain('content: "second"')
  expect(textOf((await page(`${pathTo('second')}?tab=request&at=/none`)).html)).toContain(
    'There is nothing at this place',
  )
})

sqliteTest('two requests are compared: figures, what was asked, what was answered', async () => {
  const { html, status } = await page(`/ui/compare?a=${ids['first']}&b=${ids['third']}`)
  const text = textOf(html)
  expect(status).toBe(200)
  expect(text).toContain('Latency13 ms25 ms+100 %')
  expect(html).toContain('<td class="removed" dir="auto"><span class="sign">− </span>Hello</td>')
  expect(html).toContain('<td class="added" dir="auto"><span class="sign">+ </span>other</td>')
  expect((await page(`/ui/compare?a=${ids['first']}`)).status).toBe(400)
  expect((await page(`/ui/compare?a=${ids['first']}&b=none`)).status).toBe(404)
  const own = await ui.logIn(OWN)
  expect((await page(`/ui/compare?a=${ids['second']}&b=${ids['first']}`, own)).status).toBe(404)
  expect((await page(`/ui/compare?a=${ids['second']}&b=${ids['second']}`, own)).status).toBe(200)
})

sqliteTest('a dialog shows the images that each request adds, and says what the log does not hold', async () => {
  const { html } = await page('/ui/dialogs/pictures')
  const paths = [`${pathTo('pictures-0')}/images/0`, `${pathTo('pictures-1')}/images/1`]
  expect([...html.matchAll(/<img src="([^"]+)"/g)].map(([, path]) => path)).toEqual(paths)
  const images = await Promise.all(paths.map((path) => ui.get(path, undefined, { cookie })))
  const contents = await Promise.all(images.map(async (image) => Buffer.from(await image.arrayBuffer())))
  expect(contents).toEqual([PIXELS, OTHER_PIXELS])
  expect(textOf(html)).toContain('An image (jpeg, 12.3 kB) is not in the log')
  expect(textOf(html)).toContain('An image or file at https://pictures.example/cat.png is not fetched.')
})

sqliteTest('each request of a dialog says what it took, and what all until there took', async () => {
  const text = textOf((await page('/ui/dialogs/pictures')).html)
  expect(text).toContain('1 000 tokens in, 20 out · 1 020 tokens until here')
  expect(text).toContain('1 000 tokens in, 20 out · cost 0.2500 · 2 040 tokens and cost 0.2500 until here')
})
