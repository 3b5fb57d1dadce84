import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished } from 'vitest'
import { endOf, startLogdb } from '../../../helpers/logdb/cli-child.ts'
import { chat, jsonl, record, timestampAt } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { LEDGER_GAP, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

const TIMEOUT_MS = 60_000
const RECORDS = 3000

function writeLog({ write }: Workspace): void {
  const records = Array.from({ length: RECORDS }, (_, index) =>
    record({ timestamp: timestampAt(index), x_request_id: `x${index}`, request: chat(`question ${index}`) }),
  )
  write('requests-1.jsonl', jsonl(records))
}

/** Holds the lease of a database until it is killed, as a busy logdb would. */
async function holdLease(base: string) {
  const code = `
    const { default: Database } = await import('better-sqlite3')
    globalThis.lock = new Database(process.argv[1])
    lock.exec('BEGIN EXCLUSIVE')
    console.log('held')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, `${base}/.lock`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  await once(child.stdout, 'data')
  return child
}

sqliteTest(
  'three ingests at once: each waits for the previous one, and nothing is lost or doubled',
  async () => {
    const space = workspace()
    writeLog(space)
    const args = ['ingest', '--wait', '50s', '--json']
    const runs = await Promise.all([1, 2, 3].map(() => endOf(startLogdb(args, { cwd: space.folder }))))
    expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
      [0, ''],
    ])
    const inserted = runs.map(({ stdout }): number => JSON.parse(stdout).result.rows_inserted)
    expect(inserted.toSorted((a, b) => a - b)).toEqual([0, 0, RECORDS])
    expect(await space.query('SELECT count(*) AS n FROM z_req')).toEqual([{ n: RECORDS }])
    expect(await space.queryControl(LEDGER_GAP)).toEqual([{ gap: 0 }])
  },
  TIMEOUT_MS,
)

sqliteTest(
  'three ingests at once without --wait: a run that finds the database in use ends with 4, and nothing is lost or doubled',
  async () => {
    const space = workspace()
    writeLog(space)
    const runs = await Promise.all([1, 2, 3].map(() => endOf(startLogdb(['ingest', '--json'], { cwd: space.folder }))))
    const done = runs.filter(({ code }) => code === 0)
    expect(done.length).toBeGreaterThan(0)
    for (const { code, stderr } of runs.filter((run) => !done.includes(run))) {
      expect([code, stderr]).toEqual([4, expect.stringContaining(`Another logdb is writing to ${space.db}`)])
    }
    const inserted = done.map(({ stdout }): number => JSON.parse(stdout).result.rows_inserted)
    expect(inserted.reduce((sum, count) => sum + count, 0)).toBe(RECORDS)
    expect(await space.ingest()).toMatchObject({ rowsInserted: 0, rowsDuplicate: 0 })
    expect(await space.query('SELECT count(*) AS n FROM z_req')).toEqual([{ n: RECORDS }])
    expect(await space.run(['audit', '--deep'])).toMatchObject({ exitCode: 0 })
  },
  TIMEOUT_MS,
)

sqliteTest(
  'while another process writes, each command that writes ends with exit 4; when the process is killed, they run',
  async () => {
    const space = workspace()
    writeLog(space)
    await space.run(['init', '--date', '2025-09-10'])
    const holder = await holdLease(space.db)
    for (const args of [['ingest'], ['init', '--date', '2025-09-11'], ['ingest', '--wait', '300ms']]) {
      const { exitCode, stderr } = await space.run(args)
      expect([exitCode, stderr]).toEqual([4, expect.stringContaining(`Another logdb is writing to ${space.db}`)])
      expect(stderr).toContain('--wait')
    }
    const waiting = space.run(['ingest', '--wait', '1m'])
    holder.kill('SIGKILL')
    expect(await waiting).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`rows_inserted=${RECORDS}`) })
  },
  TIMEOUT_MS,
)

sqliteTest('reading needs no lease', async () => {
  const space = workspace()
  writeLog(space)
  await space.ingest()
  const holder = await holdLease(space.db)
  expect(await space.run(['search', '"question 7"'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('question'),
  })
  holder.kill('SIGKILL')
})
