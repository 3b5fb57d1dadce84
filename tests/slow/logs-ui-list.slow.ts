import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { chat, jsonl, record, timestampAt } from '../helpers/logdb/logs.ts'
import { browserTest, uiInBrowser } from '../helpers/logdb/ui-browser.ts'

/** The list of requests in a real browser. */
const RECORDS = Array.from({ length: 30 }, (_, index) =>
  record({ x_request_id: `r${index}`, timestamp: timestampAt(index), request: chat(`question ${index}`) }),
)
const ui = uiInBrowser(RECORDS, { LOGUI_API_KEYS: 'a-key-for-the-browser' })

async function store(...questions: string[]): Promise<void> {
  const records = questions.map((question) =>
    record({ x_request_id: question, timestamp: new Date().toISOString(), request: chat(question) }),
  )
  ui.space.write(`requests-${questions[0]}.jsonl`, jsonl(records))
  await ui.space.ingest()
}

const firstQuestion = (page: Page) => page.locator('.question a').first()

browserTest('new rows come by themselves, and wait while the list is paused or read', async () => {
  const page = await ui.open('/ui/requests?model=gpt-*')
  await page.getByText('Live', { exact: true }).waitFor()
  await store('first')
  await page.getByText('first', { exact: true }).waitFor()
  expect(await firstQuestion(page).textContent()).toBe('first')
  await page.click('text=Pause')
  await store('second', 'third')
  await page.click('text=2 new')
  expect(await firstQuestion(page).textContent()).toMatch(/second|third/)
  await page.click('text=Resume')
  await firstQuestion(page).focus()
  await store('fourth')
  await page.getByText('1 new').waitFor()
  expect(await page.locator('.requests tbody tr').count()).toBe(33)
  expect(page.seen.problems).toEqual([])
})

browserTest('filters know the values of the log, and columns, orders and views are URLs', async () => {
  const page = await ui.open('/ui/requests')
  await page.focus('input[name=model]')
  await page.locator('#known-model option').first().waitFor({ state: 'attached' })
  expect(await page.locator('#known-status option').first().getAttribute('value')).toBe('200')
  await page.click('text=More filters')
  await page.selectOption('select[name=stream]', 'false')
  await page.click('button:text-is("Filter")')
  await page.waitForURL('**/ui/requests?stream=false')
  await page.click('text=Columns')
  await page.click('.menu a:text-is("Provider")')
  await page.waitForURL('**/ui/requests?stream=false&columns=*')
  await page.click('th a:text-is("Latency")')
  await page.waitForURL('**sort=-latency')
  await page.click('text=Views')
  await page.fill('input[name=name]', 'mine')
  await page.press('input[name=name]', 'Enter')
  const saved = await page.locator('.menu a:text-is("mine")').getAttribute('href')
  expect(page.url().endsWith(saved ?? 'nothing')).toBe(true)
  await page.goto(`${ui.origin}/ui/requests`)
  await page.click('text=Views')
  await page.click('text=mine')
  await page.waitForURL(`**${saved}`)
  await page.locator('th[aria-sort=descending]').waitFor()
  expect(page.seen.problems).toEqual([])
})

browserTest('two requests that are chosen can be compared', async () => {
  const page = await ui.open('/ui/requests')
  for (const index of [0, 1, 2]) await page.locator('.choice input').nth(index).check()
  const path = await page.locator('.compare a').getAttribute('href')
  expect(path).toMatch(/^\/ui\/compare\?a=[0-9a-f]{64}&b=[0-9a-f]{64}$/)
  expect(await page.locator('.choice input:checked').count()).toBe(2)
})

/** As browsers do for a page in a tab that nobody sees. */
async function setVisibility(page: Page, state: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))`)
}

browserTest('a hidden page has no connection, and shows what came meanwhile when it is seen again', async () => {
  const page = await ui.open('/ui/requests')
  await page.getByText('Live', { exact: true }).waitFor()
  await setVisibility(page, 'hidden')
  await page.getByText('Connecting').waitFor()
  await store('meanwhile')
  await setVisibility(page, 'visible')
  await page.getByText('meanwhile', { exact: true }).waitFor()
  const questions = await page.locator('.question a').allTextContents()
  expect(new Set(questions).size).toBe(questions.length)
  expect(page.seen.problems).toEqual([])
})
