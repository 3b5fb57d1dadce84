import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { chat, jsonl, record } from '../../../helpers/logdb/logs.ts'
import { makePredecessorDatabase } from '../../../helpers/logdb/predecessor-database.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { digests, LEDGER_GAP, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

/** A day and the secret that was said on it. */
const log = (...days: string[]) =>
  jsonl(
    days.map((day) =>
      record({
        timestamp: `2025-09-${day}T10:00:00.000001Z`,
        x_request_id: day,
        request: chat(`secret${day}`, [{ role: 'system', content: 'shared' }]),
      }),
    ),
  )

async function idsIn(space: Workspace): Promise<unknown[]> {
  const rows = await space.query<{ id: string }>('SELECT x_request_id AS id FROM request_details ORDER BY ts')
  return rows.map(({ id }) => id)
}

const holds = (space: Workspace, text: string) => space.partitions().some((path) => readFileSync(path).includes(text))

/** A backup of the days 08 and 09; since then 10 and 11 were logged. The present database is in `before`. */
async function restored(change: (space: Workspace) => Promise<unknown> = async () => {}, env = {}) {
  const space = workspace()
  space.write('requests-x.jsonl', log('08', '09'))
  await space.ingest({ env })
  const backup = join(space.folder, 'backup')
  cpSync(space.db, backup, { recursive: true })
  space.write('requests-x.jsonl', log('08', '09', '10', '11'))
  await space.ingest({ env })
  await change(space)
  const before = join(space.folder, 'before')
  renameSync(space.db, before)
  renameSync(backup, space.db)
  return { space, before }
}

const forget = (space: Workspace, id: string) => space.run(['forget', '--request-id', id, '--yes'])

sqliteTest(
  'what was forgotten since the backup is gone at once, and reading the logs does not bring it back',
  async () => {
    const { space, before } = await restored(async (space) => {
      await forget(space, '09')
      await forget(space, '10')
    })
    expect(await idsIn(space)).toEqual(['08', '09'])
    const reapply = ['reapply', '--from', before]
    expect(await space.run(reapply)).toEqual({ exitCode: 0, stdout: `${space.db} forgotten=1\n`, stderr: '' })
    expect([await idsIn(space), holds(space, 'secret09')]).toEqual([['08'], false])
    expect((await space.run(reapply)).stdout).toBe(`${space.db} forgotten=0\n`)
    await space.ingest()
    expect([await idsIn(space), holds(space, 'secret10')]).toEqual([['08', '11'], false])
    expect((await space.run(['audit'])).exitCode).toBe(0)
    expect((await space.run(['verify', '--deep'])).exitCode).toBe(0)
  },
)

sqliteTest('weekly and daily partitions may be on either side', async () => {
  const weekly = { LOGDB_PARTITION_GRANULARITY: 'weekly' }
  const { space, before } = await restored(async (space) => forget(space, '10'), weekly)
  rmSync(space.db, { recursive: true })
  mkdirSync(space.db)
  expect((await space.run(['reapply', '--from', before])).exitCode).toBe(0)
  await space.ingest()
  expect(await idsIn(space)).toEqual(['08', '09', '11'])
})

sqliteTest('the stricter retention of both applies, also to logs that are read again', async () => {
  const { space, before } = await restored(async (space) =>
    space.run(['retain', '--metadata', '2025-09-09', '--bodies', '2025-09-11', '--yes']),
  )
  await space.run(['retain', '--bodies', '2025-09-01', '--yes'])
  const { stdout } = await space.run(['reapply', '--from', before, '--json'])
  expect(JSON.parse(stdout).result).toEqual({
    path: space.db,
    forgotten: 0,
    kept_from: { metadata: '2025-09-09', bodies: '2025-09-11' },
    unreadable: [],
  })
  await space.ingest()
  expect(await idsIn(space)).toEqual(['09', '10', '11'])
  expect(['secret08', 'secret09', 'secret10', 'secret11'].map((text) => holds(space, text))).toEqual([
    false,
    false,
    false,
    true,
  ])
})

sqliteTest('every log is read again from its start, and what is stored is recognised', async () => {
  const { space } = await restored()
  await space.run(['reapply'])
  expect(await space.queryControl('SELECT count(*) AS n FROM sources')).toEqual([{ n: 0 }])
  const [lost = ''] = space.partitions()
  rmSync(lost)
  const report = await space.ingest()
  expect([report.rowsInserted, report.rowsDuplicate]).toEqual([3, 1])
  expect(await idsIn(space)).toEqual(['08', '09', '10', '11'])
  expect(await space.queryControl(LEDGER_GAP)).toEqual([{ gap: 0 }])
})

sqliteTest('the id under which requests were forgotten stays that of the server', async () => {
  const env = { LOGDB_SERVER_ID: '' }
  const { space, before } = await restored(async (space) => {
    rmSync(space.db, { recursive: true })
    await space.ingest({ env })
    await space.run(['forget', '--request-id', '10', '--yes'], env)
  }, env)
  const idOf = (base: string) => readFileSync(join(base, '.server_id'), 'utf8')
  expect(idOf(space.db)).not.toBe(idOf(before))
  await space.run(['reapply', '--from', before], env)
  expect(idOf(space.db)).toBe(idOf(before))
  await space.ingest({ env })
  expect(holds(space, 'secret10')).toBe(false)
})

sqliteTest('a database that cannot be read is named and stops nothing; a missing folder is fine', async () => {
  const { space, before } = await restored(async (space) => forget(space, '09'))
  const damaged = join(before, '2025/09/ai_proxy_20250911.sqlite3')
  writeFileSync(damaged, 'text'.repeat(5000))
  const { exitCode, stdout, stderr } = await space.run(['reapply', '--from', before, '--from', join(before, 'none')])
  expect([exitCode, stdout]).toEqual([0, `${space.db} forgotten=1\n`])
  expect(stderr).toMatch(/^what .*ai_proxy_20250911\.sqlite3 has forgotten is not known: .*not a SQLite database.*\n$/)
})

sqliteTest("the predecessor's databases are not changed", async () => {
  const space = workspace()
  const path = join(space.db, '2025/08/ai_proxy_20250815.sqlite3')
  makePredecessorDatabase(path, [])
  const before = digests([path])
  const { exitCode, stderr } = await space.run(['reapply'])
  expect([exitCode, stderr]).toEqual([0, `${path} is a database of the predecessor; it is not changed\n`])
  expect(digests([path])).toEqual(before)
})
