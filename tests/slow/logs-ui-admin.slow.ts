import { expect, onTestFinished } from 'vitest'
import { accessibilityProblems } from '../helpers/logdb/accessibility.ts'
import { startLogdb } from '../helpers/logdb/cli-child.ts'
import { chat, record, timestampAt } from '../helpers/logdb/logs.ts'
import { browserTest, uiInBrowser } from '../helpers/logdb/ui-browser.ts'
import { SERVER_ID } from '../helpers/logdb/workspace.ts'

/** The admin page in a real browser, with a real `ingest --follow`. */
const RECORDS = Array.from({ length: 5 }, (_, index) =>
  record({
    x_request_id: `r${index}`,
    timestamp: timestampAt(index),
    api_key_hash: index < 2 ? 'leaving' : 'staying',
    request: chat(`question ${index}`),
  }),
)
const ui = uiInBrowser(RECORDS, { LOGUI_API_KEYS: 'viewer', LOGUI_ADMIN_API_KEYS: 'admin' })

browserTest('without a process that takes jobs the page says what to start', async () => {
  const page = await ui.open('/ui/admin', { key: 'admin' })
  await page.getByText('logdb ingest --follow').waitFor()
  await page.click('text=Index texts')
  await page.getByRole('alert').waitFor()
  expect(await page.getByRole('alert').textContent()).toContain('start one and leave it running')
})

browserTest('records that cannot be read are in a table that a phone scrolls, also with the keyboard', async () => {
  ui.space.write('requests-bad.jsonl', `${'no JSON '.repeat(50)}\n`)
  await ui.space.ingest()
  const page = await ui.open('/ui/admin', { key: 'admin', viewport: { width: 360, height: 740 } })
  await page.getByText('It begins with').waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
})

browserTest('an error leaves an admin the way to all pages', async () => {
  const page = await ui.open('/ui/requests?status=abc', { key: 'admin' })
  await page.getByText('Invalid status: abc.').waitFor()
  expect(await page.getByRole('navigation').getByText('Admin').count()).toBe(1)
})

browserTest('a dry run, then forget: the requests are gone', async () => {
  const follower = startLogdb(['ingest', '--follow'], { cwd: ui.space.folder, env: { LOGDB_SERVER_ID: SERVER_ID } })
  onTestFinished(() => void follower.kill('SIGTERM'))
  const page = await ui.open('/ui/admin', { key: 'admin', viewport: { width: 360, height: 740 } })
  await page.reload()
  while (await page.locator('p.warnings').isVisible()) await page.reload()
  await page.click('text=Read the logs now')
  await page.getByText('done: 0 new requests').waitFor()
  await page.selectOption('select[name=by]', 'key')
  await page.fill('input[name=value]', 'leaving')
  await page.click('text=Count')
  await page.getByText('2 requests would be removed').waitFor()
  expect(await ui.space.query('SELECT 1 FROM requests')).toHaveLength(5)
  await page.click('text=Remove them')
  await page.locator('.jobs').getByText('done: 2 requests').nth(1).waitFor()
  expect(await ui.space.query('SELECT 1 FROM requests')).toHaveLength(3)
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
  expect(page.seen.problems).toEqual([])
})
