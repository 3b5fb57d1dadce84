import { chromium, type Page } from 'playwright-core'
import { percentile } from '../numbers.ts'
import { type Figure, printTable } from '../table.ts'

const CHROMIUM = '/usr/bin/chromium'
const ROWS = 100
/** Through the whole list and back, and what else a reader presses there. */
const KEYS = [
  ...Array(ROWS).fill('j'),
  ...Array(ROWS).fill('k'),
  ...Array(20).fill(['?', 'Escape', '/', 'Escape', 'c']),
].flat()

/** How long a browser with 100 requests open takes to draw what a key does. */
export async function measureKeys(origin: string, key: string, path: string): Promise<Figure[]> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    await logIn(page, origin, key)
    await page.goto(`${origin}${path}`)
    await page.waitForLoadState('networkidle')
    const rows = await page.locator('.question a').count()
    if (rows < ROWS) throw new Error(`${path} has only ${rows} rows`)
    const timesMs = await pressAll(page)
    printTable(
      `Keys in a browser with ${rows} rows open, ms to the next picture`,
      ['', 'p50', 'p95', 'longest'],
      [[`${timesMs.length} keys`, percentile(timesMs, 50), percentile(timesMs, 95), percentile(timesMs, 100)]],
    )
    const asked = { atMost: 50 }
    return [{ what: 'a key with 100 rows open, p95', measured: percentile(timesMs, 95), unit: 'ms', asked }]
  } finally {
    await browser.close()
  }
}

async function logIn(page: Page, origin: string, key: string): Promise<void> {
  await page.goto(`${origin}/ui/login`)
  await page.fill('input[name=key]', key)
  await page.press('input[name=key]', 'Enter')
  await page.waitForURL('**/ui/requests')
}

/** From a press until the frame with what it did is drawn: a message that is sent before the drawing comes after it. */
const OBSERVE = `
  globalThis.times = []
  const drawn = (then) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = then
    port2.postMessage(0)
  })
  addEventListener('keydown', ({ timeStamp }) => drawn(() => times.push(performance.now() - timeStamp)), true)`

async function pressAll(page: Page): Promise<number[]> {
  await page.evaluate(OBSERVE)
  for (const key of KEYS) await page.keyboard.press(key)
  return await page.evaluate<number[]>('times')
}
