import { expect } from 'vitest'
import { Passes } from '../../../logdb/ingest/passes.ts'
import { emptyReport } from '../../../logdb/ingest/report.ts'
import { readSettings } from '../../../logdb/settings.ts'
import { withLease } from '../../../logdb/store/folder/lease.ts'
import { loadSqlite } from '../../../logdb/store/sqlite/open.ts'
import { chat, completion, jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { SERVER_ID, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const CHANGES = [
  ['fts', 'build'],
  ['fts', 'drop'],
  ['dialogs', 'assign'],
  ['dialogs', 'clear'],
  ['forget', '--key', '0123456789abcdef', '--yes'],
  ['retain', '--metadata', '1d', '--yes'],
]

sqliteTest('while another process writes, nothing else changes the database, except that dry runs work', async () => {
  const space = workspace()
  space.write('requests-x.jsonl', jsonl([record()]))
  await space.ingest()
  await withLease(await loadSqlite(), space.db, {}, async () => {
    for (const args of CHANGES) {
      const { exitCode, stdout, stderr } = await space.run([...args, '--wait', '10ms'])
      expect([args, exitCode, stdout]).toEqual([args, 4, ''])
      expect(stderr).toContain('or with --wait to wait for it')
      expect((await space.run([...args, '--dry-run'])).exitCode).toBe(0)
    }
    expect((await space.run(['search', 'Hi'])).stdout).toContain('Hi')
  })
  for (const args of CHANGES) expect([args, (await space.run(args)).exitCode]).toEqual([args, 0])
})

/** Requests of a conversation that say more and more. */
function conversation(length: number) {
  const history: { role: string; content: string }[] = []
  return Array.from({ length }, (_, index) => {
    const request = chat(`question ${index}`, [...history])
    history.push({ role: 'user', content: `question ${index}` }, { role: 'assistant', content: `answer ${index}` })
    return record({
      timestamp: timestampAt(index),
      x_request_id: `r${index}`,
      request,
      response: completion(`answer ${index}`),
    })
  })
}

const ROWS = "SELECT * FROM request_details WHERE x_request_id IN ('r2', 'r4', 'r5') ORDER BY ts"

sqliteTest('a process that keeps reading the logs is not misled by what is erased between its passes', async () => {
  const [followed, fresh] = [workspace(), workspace()]
  const records = conversation(6)
  const write = (space: Workspace, count: number) => space.write('requests-x.jsonl', jsonl(records.slice(0, count)))
  write(fresh, 6)
  await fresh.ingest()
  write(followed, 2)
  const passes = await Passes.create({
    from: followed.logs,
    out: followed.db,
    settings: readSettings({ LOGDB_SERVER_ID: SERVER_ID }),
  })
  try {
    await passes.run(emptyReport())
    expect((await followed.run(['forget', '--key', '0123456789abcdef', '--yes'])).exitCode).toBe(0)
    write(followed, 4)
    await passes.run(emptyReport())
    expect((await followed.run(['forget', '--request-id', 'r3', '--yes'])).exitCode).toBe(0)
    write(followed, 6)
    await passes.run(emptyReport())
  } finally {
    passes.close()
  }
  const rows = await followed.query('SELECT * FROM request_details ORDER BY ts')
  expect(rows).toHaveLength(3)
  expect(rows).toEqual(await fresh.query(ROWS))
  expect(await followed.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
})
