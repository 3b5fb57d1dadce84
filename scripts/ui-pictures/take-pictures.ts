import type { Browser, Page } from 'playwright-core'
import { LAST_DAY } from './corpus.ts'

const KEY_FIELD = 'input[name=key]'
const SIZE = { width: 1100, height: 760 }

interface Picture {
  name: string
  /** Path, or the question of a request whose page is meant. */
  path?: string
  question?: string
  /** Query of the page of the request. */
  tab?: string
  /** What is done before the picture is taken. */
  prepare?(page: Page): Promise<void>
}

const PICTURES: readonly Picture[] = [
  { name: 'overview', path: `/ui/overview?range=7d&to=${LAST_DAY}`, prepare: hoverOverChart },
  { name: 'requests', path: '/ui/requests' },
  { name: 'request', question: 'Where is my lamp?', prepare: showMarkdown },
  { name: 'json', question: 'Where is my lamp?', tab: 'request' },
  { name: 'timing', question: 'Where is my lamp?', tab: 'timing' },
  { name: 'dialog', path: '/ui/dialogs/shop-48213' },
  { name: 'search', path: '/ui/search?q=parcel+shop' },
  { name: 'compare', path: '/ui/requests', prepare: compare },
]

/** Each page, light and dark. @param save gets the name of a picture and its PNG */
export async function takePictures(
  browser: Browser,
  { origin, key }: { origin: string; key: string },
  save: (name: string, png: Buffer) => void,
): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ viewport: SIZE, colorScheme })
    const page = await context.newPage()
    await page.goto(`${origin}/ui/login`)
    await page.fill(KEY_FIELD, key)
    await page.press(KEY_FIELD, 'Enter')
    await page.waitForURL('**/ui/requests')
    for (const picture of PICTURES) {
      await open(page, origin, picture)
      save(`${picture.name}-${colorScheme}.png`, await page.screenshot({ animations: 'disabled' }))
    }
    await context.close()
  }
}

async function open(page: Page, origin: string, { path, question, tab, prepare }: Picture): Promise<void> {
  await page.goto(`${origin}${path ?? '/ui/requests'}`, { waitUntil: 'networkidle' })
  if (question !== undefined) {
    const shown = await page.locator('.question a', { hasText: question }).first().getAttribute('href')
    await page.goto(`${origin}${shown}${tab === undefined ? '' : `?tab=${tab}`}`, { waitUntil: 'networkidle' })
  }
  await prepare?.(page)
  await page.waitForLoadState('networkidle')
}

async function hoverOverChart(page: Page): Promise<void> {
  await page
    .locator('.u-over')
    .first()
    .hover({ position: { x: 400, y: 60 } })
}

async function showMarkdown(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Markdown' })
  if ((await button.getAttribute('aria-pressed')) === 'false') await button.click()
  await page.locator('pre.code span').first().waitFor()
  await page.locator('img').first().waitFor()
}

async function compare(page: Page): Promise<void> {
  const requests = page.locator('.question a', { hasText: 'Classify this message and answer' })
  for (const index of [1, 0]) {
    await requests.nth(index).focus()
    await page.keyboard.press('c')
  }
  await page.locator('.diff').first().waitFor()
  await page.evaluate('scrollTo(0, document.body.scrollHeight)')
}
