import { writeFileSync } from 'node:fs'
import { expect, onTestFinished } from 'vitest'
import { chat, jsonl, record, timestampAt } from '../../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../../helpers/logdb/sqlite-test.ts'
import { startUi } from '../../../../helpers/logdb/ui-server.ts'
import { workspace } from '../../../../helpers/logdb/workspace.ts'

const KEY = 'viewer-key'

async function exported(records: ReturnType<typeof record>[], damage = (_paths: string[]) => {}) {
  const space = workspace()
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest()
  damage(space.partitions())
  const ui = await startUi(space.db, { LOGUI_API_KEYS: KEY })
  onTestFinished(() => ui.stop())
  return await ui.get('/ui/v1/export', KEY)
}

sqliteTest('an export is longer than a page, and has the latest first', async () => {
  const records = Array.from({ length: 1100 }, (_, index) =>
    record({ x_request_id: `r${index}`, timestamp: timestampAt(index), request: chat(`number ${index}`) }),
  )
  const text = await (await exported(records)).text()
  const numbers = [...text.matchAll(/number (\d+)$/gm)].map(([, number]) => Number(number))
  expect(numbers).toEqual(Array.from({ length: 1100 }, (_, index) => 1099 - index))
})

sqliteTest('a spreadsheet runs nothing of an export', async () => {
  const questions = ['=HYPERLINK("https://evil.example")', '+1', '-1', '@SUM(A1)', 'plain, "quoted"']
  const records = questions.map((question, index) =>
    record({ x_request_id: question, timestamp: timestampAt(-index), request: chat(question) }),
  )
  const [, ...lines] = (await (await exported(records)).text()).trim().split('\n')
  const last = lines.map((line) => line.slice(line.indexOf(',,,,') + 4))
  expect(last).toEqual([`"'=HYPERLINK(""https://evil.example"")"`, `'+1`, `'-1`, `'@SUM(A1)`, '"plain, ""quoted"""'])
})

sqliteTest('an export without a part of the log is refused, and breaks off if it has begun', async () => {
  const days = ['2025-09-10', '2025-09-11']
  const records = days.flatMap((day) =>
    Array.from({ length: 600 }, (_, index) =>
      record({ x_request_id: `${day} ${index}`, timestamp: timestampAt(index, `${day}T00:00:00Z`) }),
    ),
  )
  const damaged = (index: number) => exported(records, (paths) => writeFileSync(paths[index] ?? '', 'damaged'))
  const refused = await damaged(1)
  expect([refused.status, (await refused.json()).hint]).toEqual([409, expect.stringContaining('restore')])
  const begun = await damaged(0)
  expect(begun.status).toBe(200)
  await expect(begun.text()).rejects.toThrow()
})
