import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { ControlServer } from '../../../logdb/control-socket/control-server.ts'
import { chat, jsonl, record } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const MS_PER_DAY = 86_400_000
const dayBefore = (days: number) => new Date(Date.now() - days * MS_PER_DAY).toISOString().slice(0, 10)
const [TODAY, OLD] = [dayBefore(0), '2025-09-10']
const WEEK = '2025/W37/ai_proxy_2025W37.sqlite3'
const MONTH = '2025/M09/ai_proxy_202509.sqlite3'

/** Two requests a day. */
function withLogs(...days: string[]): Workspace {
  const space = workspace()
  for (const day of days) {
    const records = ['10:00:00.000001Z', '10:10:00.000001Z'].map((time) => {
      return record({ timestamp: `${day}T${time}`, x_request_id: day + time, request: chat(`question of ${day}`) })
    })
    space.write(`requests-${day}.jsonl`, jsonl(records))
  }
  return space
}

const pathOf = ({ db }: Workspace, day: string) => {
  return join(db, day.slice(0, 4), day.slice(5, 7), `ai_proxy_${day.replaceAll('-', '')}.sqlite3`)
}

const masked = (stdout: string) =>
  stdout
    .replace(/ingest_elapsed_s=\S+/, 'ingest_elapsed_s=<s>')
    .replace(/ rps=\S+/, ' rps=<rps>')
    .replace(/bytes_(before|after)=\d+/g, 'bytes_$1=<n>')

sqliteTest('a run without a verb does all that is due, and a second one finds nothing to do', async () => {
  const space = withLogs(OLD, TODAY)
  const [old, today] = [pathOf(space, OLD), pathOf(space, TODAY)]
  const { exitCode, stdout, stderr } = await space.run([])
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(masked(stdout).trimEnd().split('\n')).toEqual([
    'ingest_elapsed_s=<s> rows_inserted=4 rps=<rps>',
    'auto: ingested files=2 rows=4 skipped=0',
    `auto: fts ${old} indexed=2 skipped=0`,
    `auto: fts ${today} indexed=2 skipped=0`,
    `auto: dialogs ${old} updated=2`,
    `auto: dialogs ${today} updated=2`,
    `auto: seal ${old} bytes_before=<n> bytes_after=<n>`,
    `auto: weekly_merge ${join(space.db, WEEK)} sources=1 total=2 status=ok`,
    `auto: monthly_merge ${join(space.db, MONTH)} sources=1 total=2 status=ok`,
  ])
  expect(JSON.parse((await space.run(['list', '--json'])).stdout).result).toHaveLength(4)
  expect(await space.run(['auto', '--quiet'])).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  const again = JSON.parse((await space.run(['auto', '--json'])).stdout)
  expect(again.result.more).toBe(false)
  expect(again.result.steps.map(({ step, ok }: { step: string; ok: boolean }) => [step, ok])).toEqual(
    ['ingest', 'fts', 'dialogs', 'seal', 'weekly_merge', 'monthly_merge', 'bundle'].map((step) => [step, true]),
  )
  expect(space.partitions()).toHaveLength(4)
})

sqliteTest('sources of merges are deleted only if the variable says so', async () => {
  const space = withLogs(OLD)
  await space.run(['--no-dotenv'], { LOGDB_CLEANUP_AFTER_MERGE: 'true' })
  expect(space.partitions()).toEqual([join(space.db, MONTH)])
  expect(JSON.parse((await space.run(['list', '--json'])).stdout).result).toHaveLength(2)
  expect(await space.run(['audit', '--deep'])).toMatchObject({ exitCode: 0 })
})

sqliteTest('each recent day that is over gets one bundle, which is whole', async () => {
  const day = dayBefore(3)
  const space = withLogs(day, TODAY, OLD)
  const bundle = join(space.folder, 'bundles', `day-${day}.tgz`)
  const { exitCode, stdout } = await space.run(['auto'])
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^auto: bundle .* requests=2 bytes=\d+ verify=ok$/m)])
  expect(readdirSync(join(space.folder, 'bundles'))).toEqual([`day-${day}.tgz`, `day-${day}.tgz.metadata.json`])
  expect(await space.run(['bundle', 'verify', bundle])).toMatchObject({ exitCode: 0, stdout: 'ok\n' })
  expect((await space.run(['auto'])).stdout).not.toContain('auto: bundle')
})

sqliteTest('a variable turns it off, or one of its steps', async () => {
  const space = withLogs(OLD)
  const line = 'Auto disabled by LOGDB_ENABLED\n'
  expect(await space.run(['auto'], { LOGDB_ENABLED: 'false' })).toEqual({ exitCode: 2, stdout: line, stderr: '' })
  const env = { LOGDB_FTS_ENABLED: 'false', LOGDB_GROUPING_ENABLED: 'false' }
  expect((await space.run(['auto'], env)).stdout).not.toMatch(/auto: (fts|dialogs)/)
})

sqliteTest('what is too old is removed only if a variable says how old', async () => {
  const space = withLogs(OLD, dayBefore(5), TODAY)
  const count = async () => (await space.query('SELECT request_id FROM requests')).length
  await space.run(['auto'])
  expect(await count()).toBeGreaterThan(6)
  for (const wrong of ['90', '0d', '-1d', '5 days']) {
    expect(await space.run(['auto'], { LOGDB_AUTO_RETAIN_METADATA: wrong })).toMatchObject({ exitCode: 2 })
  }
  const env = { LOGDB_AUTO_RETAIN_METADATA: '30d', LOGDB_AUTO_RETAIN_BODIES: '3d' }
  const { exitCode, stdout } = await space.run(['auto'], env)
  expect(exitCode).toBe(0)
  expect(stdout).toContain(`auto: retain ${pathOf(space, dayBefore(5))} requests_removed=0 bodies_removed=2\n`)
  expect(await count()).toBe(4)
  expect((await space.run(['auto'], env)).stdout).not.toContain('auto: retain')
})

sqliteTest('with little room on the disk it writes nothing and says so', async () => {
  const space = withLogs(OLD)
  const { exitCode, stdout, stderr } = await space.run(['auto', '--min-free', '1000000T'])
  expect([exitCode, stdout, stderr]).toEqual([5, '', expect.stringContaining('DISK_FULL')])
  expect(space.partitions()).toEqual([])
})

sqliteTest('when its time is over it ends, and the next run does the rest', async () => {
  const space = withLogs(OLD)
  const { exitCode, stdout, stderr } = await space.run(['auto', '--max-time', '0'])
  expect([exitCode, stdout, stderr]).toEqual([0, '', expect.stringContaining('the next run continues')])
  expect((await space.run(['auto'])).stdout).toContain('rows=2 ')
})

sqliteTest('a damaged partition does not keep the others from being done', async () => {
  const space = withLogs(OLD, '2025-08-12', TODAY)
  await space.ingest()
  writeFileSync(pathOf(space, OLD), 'no database at all, but not empty either')
  const { exitCode, stdout, stderr } = await space.run(['auto'])
  expect(exitCode).not.toBe(0)
  expect(stderr).toContain(pathOf(space, OLD))
  expect(stdout).toContain(`auto: seal ${pathOf(space, '2025-08-12')}`)
  expect(stdout).toContain('auto: weekly_merge')
})

sqliteTest('where logdb ingest --follow runs, it runs the steps, and those it does not end run here', async () => {
  const space = withLogs(OLD)
  const asked: string[] = []
  const server = await ControlServer.listen(space.db, async (request, say) => {
    if (request.job === 'status') return say({ event: 'done', result: { from: space.logs, out: space.db } })
    if (request.job !== 'step') return
    asked.push(`${request.step} ${request.settings.mustCleanUpAfterMerge}`)
    const report = { lines: ['done there'], result: [], problems: ['found there'] }
    if (request.step === 'fts') say({ event: 'done', result: report })
  })
  onTestFinished(() => server.close())
  const { exitCode, stdout, stderr } = await space.run(['auto'], { LOGDB_CLEANUP_AFTER_MERGE: 'true' })
  expect(asked).toEqual(
    ['ingest', 'fts', 'dialogs', 'seal', 'weekly_merge', 'monthly_merge'].map((step) => `${step} true`),
  )
  expect([exitCode, stderr]).toEqual([0, 'fts: found there\n'])
  expect(stdout).toContain('auto: ingested files=1 rows=2 skipped=0\ndone there\nauto: dialogs')
  mkdirSync(join(space.folder, 'other logs'))
  await space.run(['auto', '--from', 'other logs'])
  expect(asked).toHaveLength(6)
})
