import { expect, onTestFinished } from 'vitest'
import { chat, completion, record, timestampAt } from '../helpers/logdb/logs.ts'
import { browserTest, uiInBrowser } from '../helpers/logdb/ui-browser.ts'

/** The Logs UI of the compiled logdb in a real browser. */
const HOSTILE = '</script><script>document.title = "run"</script><img src=x onerror="document.title = 1"> needle'
const RECORDS = [
  ...Array.from({ length: 120 }, (_, index) =>
    record({ x_request_id: `r${index}`, timestamp: timestampAt(index), request: chat(`question ${index}`) }),
  ),
  record({
    x_request_id: 'hostile',
    timestamp: '2025-09-11T10:00:00Z',
    status_code: 502,
    model_original: HOSTILE,
    request: chat(HOSTILE),
    response: completion(`${HOSTILE}\n${'x'.repeat(2_000_000)}`),
  }),
]

const ui = uiInBrowser(RECORDS, { LOGUI_API_KEYS: 'a-key-for-the-browser' })

browserTest('the printed link logs in', async () => {
  const page = await ui.browser.newPage()
  onTestFinished(() => page.close())
  await page.goto(ui.loginUrl)
  await page.waitForURL('**/ui/requests')
  expect(await page.locator('.requests tbody tr').count()).toBe(100)
})

browserTest('filter, open, tabs, Back: each is a URL, and no document is loaded again', async () => {
  const page = await ui.open('/ui/requests')
  await page.fill('input[name=status]', '5xx')
  await page.press('input[name=status]', 'Enter')
  await page.waitForURL('**/ui/requests?status=5xx')
  await page.locator('.requests tbody tr').nth(1).waitFor({ state: 'detached' })
  await page.click('.question a')
  await page.waitForURL('**/ui/requests/*')
  await page.locator('.turn.user').waitFor()
  await page.click('text=Response JSON')
  await page.locator('.tree').waitFor()
  expect(page.url()).toContain('?tab=response')
  for (const expected of ['.turn.user', '.requests tbody']) {
    await page.goBack()
    await page.locator(expected).waitFor()
  }
  expect(page.url()).toContain('?status=5xx')
  expect(page.seen).toEqual({ problems: [], documents: [`${ui.origin}/ui/requests`] })
})

browserTest('what is in a log is shown as text and runs nothing', async () => {
  const page = await ui.open('/ui/search?q=needle')
  expect(await page.locator('mark').count()).toBeGreaterThan(0)
  await page.click('.hits a')
  await page.locator('.turn.assistant').waitFor()
  expect(await page.locator('.turn.user').textContent()).toContain('<script>')
  expect(await page.title()).toMatch(/^Request /)
  expect(page.seen.problems).toEqual([])
})

browserTest('the keyboard is enough', async () => {
  const page = await ui.open('/ui/requests')
  for (const key of ['j', 'j', 'k']) await page.keyboard.press(key)
  await page.keyboard.press('Enter')
  await page.locator('.turn.user').waitFor()
  expect(await page.locator('.turn.user').textContent()).toContain('<script>')
  await page.keyboard.press('/')
  await page.keyboard.type('question')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/ui/search?q=question')
  await page.locator('.hits li').first().waitFor()
})

browserTest('no page is wider than a phone, in both colour schemes', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await ui.open('/ui/requests', { viewport: { width: 360, height: 740 }, colorScheme })
    for (const path of ['/ui/requests', '/ui/search?q=needle', '/ui/requests?status=502']) {
      await page.goto(`${ui.origin}${path}`)
      expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 360])
    }
    await page.click('.question a')
    await page.locator('.turn.user').waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
  }
})

browserTest('a page comes with less than 100 kB', async () => {
  const page = await ui.browser.newPage()
  onTestFinished(() => page.close())
  const cdp = await page.context().newCDPSession(page)
  let sizeBytes = 0
  cdp.on('Network.loadingFinished', ({ encodedDataLength }) => {
    sizeBytes += encodedDataLength
  })
  await cdp.send('Network.enable')
  await page.goto(`${ui.origin}/ui/login`, { waitUntil: 'networkidle' })
  expect(sizeBytes).toBeGreaterThan(5000)
  expect(sizeBytes).toBeLessThan(100_000)
})
