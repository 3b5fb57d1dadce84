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
const RECORDS = [
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
