import { appendFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { chat, jsonl, predecessorBlock, predecessorEvent, record, timestampAt } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { openDatabase, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

const some = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) =>
    record({
      timestamp: timestampAt(from + index),
      x_request_id: `x${from + index}`,
      request: chat(`q${from + index}`),
    }),
  )

/** Records, a copy of some, blank lines, damage, other days, foreign text, and a record that is not complete. */
async function mixedLogs(): Promise<Workspace> {
  const space = workspace()
  const otherDay = record({ timestamp: '2025-10-01T00:00:00Z', x_request_id: 'later' })
  space.write('requests-1.jsonl', `${jsonl(some(5))}\n\noops\n${jsonl([otherDay])}{"v":1,"ti`)
  space.write('requests-2.jsonl', jsonl([...some(2, 10), ...some(3)]))
  space.write('v1.log', `starting\n${predecessorBlock(predecessorEvent())}Traceback\n`)
  await space.ingest({ to: '2025-09-30' })
  return space
}

async function tamper(path: string, sql: string): Promise<void> {
  const db = await openDatabase(path)
  db.exec(sql)
  db.close()
}

sqliteTest('every byte of every log is in one of the counts', async () => {
  const space = await mixedLogs()
  const { exitCode, stdout, stderr } = await space.run(['audit', '--deep', '--from', 'logs', '--json'])
  expect([exitCode, stderr]).toEqual([0, ''])
  const { ok, result } = JSON.parse(stdout)
  expect([ok, result.unread]).toEqual([true, []])
  const [first, second, third] = result.sources
  expect(first).toMatchObject({ path: join(space.logs, 'requests-1.jsonl'), quarantined: 5, ignored: 2, pending: 10 })
  expect(first.filtered).toBeGreaterThan(300)
  expect(second.duplicate).toBeGreaterThan(1000)
  expect(third).toMatchObject({ ignored: 'starting\nTraceback\n'.length, duplicate: 0 })
  for (const { read, ingested, duplicate, ignored, filtered, quarantined } of result.sources) {
    expect(ingested + duplicate + ignored + filtered + quarantined).toBe(read)
  }
  const lines = (await space.run(['audit'])).stdout.trimEnd().split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[2]).toMatch(
    /v1\.log read=\d+ ingested=\d+ duplicate=0 ignored=19 filtered=0 quarantined=0 pending=0 ok$/,
  )
})

sqliteTest(
  'the end of a log that is not read, and files that are not logs, are named by ingest, its dry run and audit',
  async () => {
    const space = workspace()
    const [cut, carriage, other] = ['requests-1.jsonl', 'requests-2.jsonl', 'requests-3.jsonl.bak'].map((name) => {
      return space.write(
        name,
        `${JSON.stringify(record({ x_request_id: name.slice(9, 10) }))}${name === 'requests-2.jsonl' ? '\r' : ''}`,
      )
    }) as [string, string, string]
    const notes = [cut, carriage].map((path, more) => {
      const bytes = JSON.stringify(record({ x_request_id: 'x' })).length + more
      return `${path}: the last ${bytes} bytes are not read, because their record does not end with a newline yet\n`
    })
    const ignored = 'its name is not that of a log: rename it to requests-….jsonl to read it\n'
    expect((await space.run(['ingest'])).stderr).toBe(`not read: ${other}: ${ignored}${notes.join('')}`)
    const listed = `${notes.join('')}${other} is not read: ${ignored}`
    expect((await space.run(['audit', '--from', 'logs'])).stderr).toBe(
      `${listed}${space.db} contains no log database: run logdb ingest, or give --out\n`,
    )
    expect((await space.run(['ingest', '--dry-run'])).stderr).toBe(`nothing was changed: this was a dry run\n${listed}`)
  },
)

sqliteTest('a ledger that does not add up is named, with exit 1', async () => {
  for (const [sql, problem] of [
    [
      'UPDATE sources SET ingested_bytes = ingested_bytes - 7 WHERE path LIKE "%2.jsonl"',
      /requests-2\.jsonl: \d+ bytes are booked, but \d+ were read/,
    ],
    ['DELETE FROM source_gaps', /requests-1\.jsonl: \d+ bytes are booked as filtered, but the gaps hold 0/],
    ['DELETE FROM ingest_errors', /requests-1\.jsonl: 5 bytes are booked as quarantined, but the errors hold 0/],
  ] as const) {
    const space = await mixedLogs()
    await tamper(join(space.db, 'control.sqlite3'), sql.replaceAll('"', "'"))
    const { exitCode, stdout, stderr } = await space.run(['audit'])
    expect([exitCode, stdout, stderr]).toEqual([1, expect.stringContaining(' fail\n'), expect.stringMatching(problem)])
    expect(stderr).toMatch(/✖ The bytes of 1 log do not add up\.\nHint: .* \(AUDIT_FAILED, exit code 1\)\n$/)
    const document = JSON.parse((await space.run(['audit', '--json'])).stdout)
    expect(document).toMatchObject({ ok: false, verb: 'audit', error: { code: 'AUDIT_FAILED' }, warnings: [] })
    const problems = document.result.sources.flatMap((source: { problems: string[] }) => source.problems)
    expect(problems).toHaveLength(1)
  }
})

sqliteTest('--deep reports rows that are missing, except those that were forgotten', async () => {
  const space = await mixedLogs()
  const [partition = ''] = space.partitions()
  const rows = await space.query<{ id: string }>('SELECT request_id AS id FROM z_req ORDER BY id')
  await space.run(['forget', '--request-id', rows[0]?.id ?? '', '--yes'])
  expect(await space.run(['audit', '--deep'])).toMatchObject({ exitCode: 0 })
  await tamper(partition, 'DELETE FROM z_forgotten')
  expect(await space.run(['audit', '--deep'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/the partitions lack rows of \d+ bytes that are booked as ingested/),
  })
  expect(await space.run(['audit'])).toMatchObject({ exitCode: 0 })
})

sqliteTest('the command in the hint restores the rows of a lost partition', async () => {
  const space = await mixedLogs()
  const before = await space.query('SELECT * FROM request_details ORDER BY request_id')
  rmSync(space.partitions()[0] ?? '')
  const { exitCode, stderr } = await space.run(['audit', '--deep'])
  const [, from = '', to = ''] = /: mv (\S+) (\S+) && logdb ingest;/.exec(stderr) ?? []
  expect([exitCode, from]).toEqual([1, join(space.db, 'control.sqlite3')])
  renameSync(from, to)
  await space.ingest()
  const after = await space.query('SELECT * FROM request_details ORDER BY request_id')
  expect(after).toEqual(expect.arrayContaining(before))
  expect(await space.run(['audit', '--deep'])).toMatchObject({ exitCode: 0 })
})

sqliteTest('with --from it shows what has not been read yet', async () => {
  const space = await mixedLogs()
  const added = jsonl(some(1, 50))
  appendFileSync(join(space.logs, 'requests-2.jsonl'), added)
  space.write('requests-3.jsonl', added)
  const { exitCode, stderr } = await space.run(['audit', '--from', 'logs'])
  expect(exitCode).toBe(0)
  expect(stderr).toBe(
    ['requests-2.jsonl', 'requests-3.jsonl']
      .map((name) => `${join(space.logs, name)}: ${added.length} bytes are not read yet: logdb ingest\n`)
      .join(''),
  )
})

sqliteTest(
  'a file that was read under another name or in another file, or is empty, is not unread; a rewritten file is',
  async () => {
    const space = workspace()
    const log = jsonl(some(20))
    const path = space.write('requests-1.jsonl', log)
    space.write('requests-2.jsonl', log)
    space.write('requests-0.jsonl.gz', gzipSync(log))
    space.write('empty.log.1.gz', gzipSync(''))
    await space.ingest()
    renameSync(path, join(space.logs, 'requests-9.jsonl'))
    expect(await space.run(['audit', '--from', 'logs'])).toMatchObject({ exitCode: 0, stderr: '' })
    const other = jsonl(some(5, 50))
    space.write('requests-2.jsonl', other)
    space.write('requests-3.jsonl.gz', gzipSync(other))
    expect((await space.run(['audit', '--from', 'logs', '--json'])).stdout).toContain(
      JSON.stringify([
        { path: join(space.logs, 'requests-2.jsonl'), bytes: other.length },
        { path: join(space.logs, 'requests-3.jsonl.gz'), bytes: gzipSync(other).length },
      ]),
    )
  },
)

sqliteTest('an empty database has no problems', async () => {
  const { run, db } = workspace()
  const stderr = `${db} contains no log database: run logdb ingest, or give --out\n`
  expect(await run(['audit'])).toEqual({ exitCode: 0, stdout: '', stderr })
})
