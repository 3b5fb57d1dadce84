import { appendFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { endOf, startLogdb } from '../../helpers/logdb/cli-child.ts'
import { chat, jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { secretsIn, spaceWithSecrets } from '../../helpers/logdb/secrets.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { LEDGER_GAP, openDatabase, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'

const TIMEOUT_MS = 60_000
const [followed, erased] = [workspace(sharedTempFolder()), workspace(sharedTempFolder())]

const one = (index: number) =>
  jsonl([record({ timestamp: timestampAt(index), x_request_id: `x${index}`, request: chat(`question ${index}`) })])

const rowsOf = async ({ query }: Workspace) => {
  const rows = await query<{ n: number }>('SELECT count(*) AS n FROM z_req').catch(() => [])
  return rows.reduce((sum, { n }) => sum + n, 0)
}

/** They do little but wait, so they wait at the same time. */
describe.concurrent('waiting', () => {
  sqliteTest(
    'with --follow new records are read as they are written, even after a rotation, and other commands may write and seal in between',
    async () => {
      const log = followed.write('requests-1.jsonl', one(0))
      const child = startLogdb(['ingest', '--follow', '--json'], { cwd: followed.folder })
      const ended = endOf(child)
      const untilRows = (count: number) => expect.poll(() => rowsOf(followed), { timeout: TIMEOUT_MS / 2 }).toBe(count)
      await untilRows(1)
      const [second = '', third = ''] = [one(1), one(2)]
      appendFileSync(log, second + third.slice(0, 50))
      await untilRows(2)
      appendFileSync(log, third.slice(50))
      await untilRows(3)
      renameSync(log, join(followed.logs, 'requests-1.old.jsonl'))
      followed.write('requests-1.jsonl', one(3))
      await untilRows(4)
      expect(await followed.run(['init', '--date', '2025-09-10', '--wait', '10s'])).toMatchObject({ exitCode: 0 })
      appendFileSync(log, one(4))
      await untilRows(5)
      const sealed = async () => (await followed.run(['seal', '--to', '2025-09-10', '--wait', '10s'])).exitCode
      await expect.poll(sealed, { timeout: TIMEOUT_MS / 2 }).toBe(0)
      child.kill('SIGTERM')
      const { code, stdout, stderr } = await ended
      expect([code, stderr]).toEqual([143, ''])
      expect(JSON.parse(stdout).result).toMatchObject({ rows_inserted: 5, rows_duplicate: 0, bytes_pending: 0 })
      expect(await followed.queryControl(LEDGER_GAP)).toEqual([{ gap: 0 }, { gap: 0 }])
    },
    TIMEOUT_MS,
  )

  sqliteTest(
    'while another process reads an older state, forget reports that bytes remain, and removes them later',
    async () => {
      await spaceWithSecrets(erased)
      const forget = () => endOf(startLogdb(['forget', '--dialog', 'd1', '--yes'], { cwd: erased.folder }))
      const reader = await openDatabase(erased.partitions()[0] ?? '')
      reader.exec('BEGIN; SELECT count(*) FROM z_req')
      const { code, stderr } = await forget()
      expect([code, stderr]).toEqual([4, expect.stringContaining('Hint: stop that process and run the command again')])
      expect(secretsIn(erased)).not.toEqual([])
      reader.close()
      expect(await forget()).toMatchObject({ code: 0 })
      expect(secretsIn(erased)).toEqual([])
    },
    TIMEOUT_MS,
  )
})
