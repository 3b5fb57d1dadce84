import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { LogRecord } from '../../kit/log-record.ts'
import { accessibilityProblems } from '../helpers/logdb/accessibility.ts'
import { chat, completion, record, timestampAt } from '../helpers/logdb/logs.ts'
import { browserTest, uiInBrowser } from '../helpers/logdb/ui-browser.ts'

/** What is in a log in a real browser: hostile texts, large bodies, and pages for people who use no mouse. */
const RUN = '</script><script>window.wasRun = 1</script><img src="https://evil.example/x" onerror="window.wasRun = 2">'
const HOSTILE = `${RUN} [l](javascript:window.wasRun=3) ![p](https://evil.example/p.png) \u202eright to left\u202c 🙂 needle`
const CODE = '```html\n<script>window.wasRun = 4</script>\n```\n\n| a |\n|---|\n| **b** |'
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII='
const DAY = '2025-09-10'
/** For all pages, on a machine that is busy. */
const TIMEOUT_MS = 180_000

/** Calls of tools, with their results, as each API sends them. */
const BODIES: Record<string, unknown> = {
  chat: {
    messages: [
      { role: HOSTILE, content: HOSTILE },
      {
        role: 'user',
        content: [
          { type: 'text', text: `${HOSTILE}\n\n${CODE}` },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
          { type: 'image_url', image_url: { url: 'https://evil.example/remote.png' } },
          { type: 'image_url', image_url: { url: `data:image/svg+xml;base64,${btoa('<svg onload="wasRun=5"/>')}` } },
        ],
      },
      { role: 'assistant', content: null, refusal: HOSTILE, reasoning_content: HOSTILE },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'c', type: 'function', function: { name: HOSTILE, arguments: JSON.stringify({ a: HOSTILE }) } },
        ],
      },
      { role: 'tool', tool_call_id: 'c', content: HOSTILE },
    ],
  },
  anthropic: {
    messages: [
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: HOSTILE, input: { a: HOSTILE } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: HOSTILE }] },
    ],
  },
  responses: {
    input: [
      { type: 'function_call', call_id: 'c', name: HOSTILE, arguments: HOSTILE },
      { type: 'function_call_output', call_id: 'c', output: HOSTILE },
    ],
  },
  gemini: {
    contents: [
      { role: 'model', parts: [{ functionCall: { name: HOSTILE, args: { a: HOSTILE } } }] },
      { role: 'user', parts: [{ functionResponse: { name: HOSTILE, response: { a: HOSTILE } } }] },
    ],
  },
}
const LARGE = chat(`large ${'x'.repeat(10_000_000)}`)

const at = (index: number) => timestampAt(index, `${DAY}T10:00:00Z`, 60_000_000)
const RECORDS: LogRecord[] = [
  ...Object.entries(BODIES).map(([name, request], index) =>
    record({
      x_request_id: name,
      timestamp: at(index),
      request,
      response: completion(HOSTILE),
      model_original: HOSTILE,
      api_key_name: HOSTILE,
      dialog_id: 'dialog',
      provider: HOSTILE,
    }),
  ),
  record({ x_request_id: 'large', timestamp: at(10), request: LARGE }),
  record({
    x_request_id: 'plain-1',
    timestamp: at(11),
    request: chat('plain question'),
    response: completion('one\ntwo'),
  }),
  record({
    x_request_id: 'plain-2',
    timestamp: at(12),
    request: chat('plain question'),
    response: completion('one\n2'),
  }),
]
const ui = uiInBrowser(RECORDS, { LOGUI_API_KEYS: 'a-key-for-the-browser' })

const OVERVIEW = `/ui/overview?range=7d&to=${DAY}`

/** Ids by the names above. */
async function ids(): Promise<Record<string, string>> {
  const sql = 'SELECT x_request_id AS name, request_id AS id FROM request_details'
  const rows = await ui.space.query<{ name: string; id: string }>(sql)
  return Object.fromEntries(rows.map(({ name, id }) => [name, id]))
}

/** Every kind of page, by its path. */
async function allPaths(): Promise<string[]> {
  const { chat: one, gemini, large } = await ids()
  const tabs = ['conversation', 'request', 'response', 'timing', 'raw'].map((tab) => `/ui/requests/${one}?tab=${tab}`)
  return [
    '/ui/requests',
    '/ui/requests?status=599',
    OVERVIEW,
    '/ui/search?q=needle',
    '/ui/search?q=unfindable',
    '/ui/dialogs/dialog',
    `/ui/compare?a=${one}&b=${gemini}`,
    '/ui/compare',
    `/ui/requests/${large}?tab=request`,
    ...tabs,
  ]
}

/** Until keys work. */
async function waitForScripts(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Keys' }).waitFor()
}

for (const [colorScheme, width] of [
  ['light', 1200],
  ['dark', 360],
] as const) {
  browserTest(
    `axe finds nothing, and no page is too wide: ${colorScheme}, ${width} px`,
    async () => {
      await checkAllPages(colorScheme, width)
    },
    TIMEOUT_MS,
  )
}

async function checkAllPages(colorScheme: 'light' | 'dark', width: number): Promise<void> {
  const page = await ui.open('/ui/requests', { viewport: { width, height: 800 }, colorScheme })
  for (const path of await allPaths()) {
    await page.goto(`${ui.origin}${path}`)
    await page.waitForLoadState('networkidle')
    expect([path, await accessibilityProblems(page)]).toEqual([path, []])
    expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, width])
    // A long name of one request does not push the columns of the others out of sight.
    const list = page.locator('.scroll:has(.requests)')
    if (width > 700 && (await list.isVisible())) {
      expect(await list.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0)
    }
  }
  await page.keyboard.press('?')
  expect(await accessibilityProblems(page)).toEqual([])
}

browserTest(
  'hostile texts run nothing and fetch nothing, on any page, also as Markdown',
  async () => {
    const page = await ui.open('/ui/requests')
    const { chat: one } = await ids()
    await page.goto(`${ui.origin}/ui/requests/${one}`)
    await page.click('text=Markdown')
    await page.locator('.markdown td strong').waitFor()
    await page.locator('pre.code span').first().waitFor()
    expect(await page.locator('img').evaluateAll((all) => all.map((img) => img.getAttribute('src')))).toEqual([
      `/ui/requests/${one}/images/0`,
    ])
    for (const path of [...(await allPaths()), ...Object.values(await ids()).map((id) => `/ui/requests/${id}`)]) {
      await page.goto(`${ui.origin}${path}`)
      await page.waitForLoadState('networkidle')
      const state = await page.evaluate('[window.wasRun, document.querySelectorAll("main script, main iframe").length]')
      expect([path, state]).toEqual([path, [undefined, 0]])
    }
    // The browser says so itself when a page is an answer with an error.
    const problems = page.seen.problems.filter((text) => !text.startsWith('Failed to load resource'))
    expect(problems).toEqual([])
  },
  TIMEOUT_MS,
)

browserTest('of a body of 10 MB only what is opened is loaded', async () => {
  const page = await ui.open('/ui/requests')
  const { large } = await ids()
  const path = `${ui.origin}/ui/requests/${large}`
  const answer = await page.goto(path)
  expect((await answer?.body())?.length).toBeLessThan(200_000)
  await page.click('text=Show more of this turn')
  await page.getByText('This is turn 1 of 2').waitFor()
  const tree = await page.goto(`${path}?tab=request`)
  expect((await tree?.body())?.length).toBeLessThan(200_000)
  await page.locator('.tree summary', { hasText: 'large' }).click()
  await page.click('text=Show more of 10 000 006 characters')
  const text = page.locator('.tree .string').first()
  await expect.poll(async () => (await text.textContent())?.length, { timeout: 20_000 }).toBeGreaterThan(1_000_000)
  expect(page.url()).toBe(`${path}?tab=request`)
})

browserTest('the keyboard compares two requests, and walks through a dialog', async () => {
  const page = await ui.open('/ui/requests')
  await waitForScripts(page)
  for (const key of ['j', 'c', 'j', 'c']) await page.keyboard.press(key)
  await page.waitForURL('**/ui/compare?a=*')
  await page.locator('.diff').waitFor()
  expect(await page.locator('.diff .removed, .diff .added').allTextContents()).toEqual(['− 2', '+ two'])
  const { chat: one, anthropic } = await ids()
  await page.goto(`${ui.origin}/ui/requests/${one}`)
  await waitForScripts(page)
  await page.keyboard.press(']')
  await page.waitForURL(`**/ui/requests/${anthropic}`)
  await page.locator('a[rel=prev]').waitFor()
  await page.keyboard.press('[')
  await page.waitForURL(`**/ui/requests/${one}`)
  await page.keyboard.press('?')
  await page.locator('dialog.keys[open]').waitFor()
  await page.keyboard.press('?')
  await page.locator('dialog.keys[open]').waitFor({ state: 'detached' })
})

browserTest(
  'a click into a chart opens the requests of that time, and a request is copied as a curl command',
  async () => {
    const page = await ui.open(OVERVIEW)
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    // The lines of a chart differ in its legend too.
    const markers = page.locator('.charts figure:nth-of-type(2) .u-marker')
    expect(await markers.evaluateAll((all) => all.map((one) => one.style.borderStyle))).toEqual([
      '',
      'solid',
      'dashed',
      'solid',
      'dashed',
    ])
    const chart = page.locator('.u-over').first()
    await chart.waitFor()
    const box = await chart.boundingBox()
    await chart.click({ position: { x: (box?.width ?? 0) * 0.98, y: 20 } })
    await page.waitForURL(`**/ui/requests?since=${DAY}&to=${DAY}`)
    const { 'plain-1': id } = await ids()
    await page.goto(`${ui.origin}/ui/requests/${id}`)
    await page.click('text=Copy as curl')
    await page.getByText('Copied').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toContain(
      `curl "$GATEWAY_URL/v1/chat/completions" \\\n  -H "Authorization: Bearer $GATEWAY_API_KEY"`,
    )
    expect(page.seen.problems).toEqual([])
  },
)

browserTest('every page comes with less than 100 kB before its data', async () => {
  const page = await ui.open('/ui/requests')
  const { 'plain-1': id, 'plain-2': other } = await ids()
  const cdp = await page.context().newCDPSession(page)
  let sizeBytes = 0
  cdp.on('Network.loadingFinished', ({ encodedDataLength }) => {
    sizeBytes += encodedDataLength
  })
  await cdp.send('Network.enable')
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true })
  for (const path of ['/ui/search', OVERVIEW, `/ui/requests/${id}`, `/ui/compare?a=${id}&b=${other}`]) {
    sizeBytes = 0
    await page.goto(`${ui.origin}${path}`, { waitUntil: 'networkidle' })
    expect([path, sizeBytes > 5000, sizeBytes < 100_000]).toEqual([path, true, true])
  }
})
