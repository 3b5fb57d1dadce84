import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { jsonl, record } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { openDatabase, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

const DAYS = ['2025-09-15', '2025-09-16', '2025-09-17']

const onDay = (day: string, id = day) => record({ timestamp: `${day}T10:00:00.000001Z`, x_request_id: id })

async function exported(...args: string[]): Promise<Workspace & { pathOf: (name: string) => string }> {
  const space = workspace()
  space.write('requests-x.jsonl', jsonl(DAYS.map((day) => onDay(day))))
  await space.ingest()
  expect((await space.run(['export', ...args])).exitCode).toBe(0)
  return { ...space, pathOf: (name) => join(space.logs, 'export', name) }
}

const verify = ({ run }: Workspace, ...args: string[]) => run(['export', '--verify', ...args])

for (const format of ['jsonl', 'csv', 'parquet']) {
  sqliteTest(`--verify proves that ${format} files have the rows of the database`, async () => {
    const space = await exported('--format', format, '--table', 'requests,messages,texts')
    const whole = await verify(space)
    expect([whole.exitCode, whole.stderr]).toEqual([0, ''])
    expect(whole.stdout).toBe(
      ['requests', 'messages', 'texts']
        .sort()
        .flatMap((table) =>
          DAYS.map((day) => `${space.pathOf(`${table}/${day}.${format}`)} ok rows=${table === 'requests' ? 1 : 2}\n`),
        )
        .join(''),
    )
    const path = space.pathOf(`requests/2025-09-16.${format}`)
    const bytes = readFileSync(path)
    bytes[Math.floor(bytes.length / 2)] = 0x20
    writeFileSync(path, bytes)
    const { exitCode, stdout, stderr } = await verify(space)
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining(`${path} is not the file that was exported\n`)])
    expect(stderr).toMatch(/^✖ 1 of 9 files is not as the manifest and the database say\.\nHint: .*EXPORT_DIFFERS/)
    rmSync(path)
    expect((await verify(space)).stdout).toContain(`${path} is missing\n`)
    await space.run(['export', '--format', format])
    expect((await verify(space)).exitCode).toBe(0)
  })
}

sqliteTest('--verify names days with other rows, and days that are not exported', async () => {
  const space = await exported()
  appendFileSync(join(space.logs, 'requests-x.jsonl'), jsonl([onDay('2025-09-15', 'late'), onDay('2025-09-18')]))
  await space.ingest()
  const { exitCode, stdout } = await verify(space)
  expect([exitCode, stdout.split('\n')]).toEqual([
    1,
    [
      `${space.pathOf('requests/2025-09-15.jsonl')} has 1 rows, and the database has 2 rows: export again`,
      `${space.pathOf('requests/2025-09-16.jsonl')} ok rows=1`,
      `${space.pathOf('requests/2025-09-17.jsonl')} ok rows=1`,
      `${space.pathOf('requests/2025-09-18.jsonl')} is not exported`,
      '',
    ],
  ])
  expect((await verify(space, '--since', '2025-09-16', '--to', '2025-09-17')).exitCode).toBe(0)
  await space.run(['export'])
  expect((await verify(space)).exitCode).toBe(0)
})

sqliteTest('--verify finds a row of the database with another value', async () => {
  const space = await exported()
  const db = await openDatabase(space.partitions()[0] ?? '')
  db.exec('UPDATE z_req_row SET latency_us = 1000')
  db.close()
  const { exitCode, stdout } = await verify(space)
  expect([exitCode, stdout]).toEqual([1, expect.stringContaining('the database has 1 rows, but other values')])
})

sqliteTest('--verify finds rows that are not in the file, also if the manifest agrees with it', async () => {
  for (const format of ['jsonl', 'csv', 'parquet']) {
    const space = await exported('--format', format)
    const manifest = space.pathOf('manifest.json')
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"rows": 1', '"rows": 2'))
    expect((await verify(space)).stdout).toContain(`requests/2025-09-15.${format} has 1 rows, not 2\n`)
  }
})

sqliteTest('--verify of a folder without an export fails', async () => {
  const space = await exported()
  expect(await verify(space, '--dest', 'empty')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('has no exported file of these days'),
  })
})
