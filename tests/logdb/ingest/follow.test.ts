import { appendFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { endOf, startLogdb } from '../../helpers/logdb/cli-child.ts'
import { chat, jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { LEDGER_GAP, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const TIMEOUT_MS = 60_000
const one = (index: number) =>
  jsonl([record({ timestamp: timestampAt(index), x_request_id: `x${index}`, request: chat(`question ${index}`) })])

const rowsOf = async ({ query }: Workspace) => {
  const rows = await query<{ n: number }>('SELECT count(*) AS n FROM req').catch(() => [])
  return rows.reduce((sum, { n }) => sum + n, 0)
}

sqliteTest(
  'with --follow what is written comes in as it is written, also after a rotation, and others may write and seal between',
  async () => {
    const space = workspace()
    const log = space.write('requests-1.jsonl', one(0))
    const child = startLogdb(['ingest', '--follow', '--json'], { cwd: space.folder })
    const ended = endOf(child)
    const untilRows = (count: number) => expect.poll(() => rowsOf(space), { timeout: TIMEOUT_MS / 2 }).toBe(count)
    await untilRows(1)
    const [second = '', third = ''] = [one(1), one(2)]
    appendFileSync(log, second + third.slice(0, 50))
    await untilRows(2)
    appendFileSync(log, third.slice(50))
    await untilRows(3)
    renameSync(log, join(space.logs, 'requests-1.old.jsonl'))
    space.write('requests-1.jsonl', one(3))
    await untilRows(4)
    expect(await space.run(['init', '--date', '2025-09-10', '--wait', '10s'])).toMatchObject({ exitCode: 0 })
    appendFileSync(log, one(4))
    await untilRows(5)
    const sealed = async () => (await space.run(['seal', '--to', '2025-09-10', '--wait', '10s'])).exitCode
    await expect.poll(sealed, { timeout: TIMEOUT_MS / 2 }).toBe(0)
    child.kill('SIGTERM')
    const { code, stdout, stderr } = await ended
    expect([code, stderr]).toEqual([143, ''])
    expect(JSON.parse(stdout).result).toMatchObject({ rows_inserted: 5, rows_duplicate: 0, bytes_pending: 0 })
    expect(await space.queryControl(LEDGER_GAP)).toEqual([{ gap: 0 }, { gap: 0 }])
  },
  TIMEOUT_MS,
)
