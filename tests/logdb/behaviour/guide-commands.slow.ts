import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chat, jsonl, record } from '../../helpers/logdb/logs.ts'
import { type Project, projects } from '../../helpers/logdb/project.ts'
import { sqliteShellTest, sqliteTest } from '../../helpers/logdb/sqlite-test.ts'

const newProject = projects()

const DAY_MS = 86_400_000
const dayBefore = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)
const [TODAY, YESTERDAY] = [dayBefore(0), dayBefore(1)]

/** Two requests of a day, ten minutes apart. */
function writeLog({ logs }: Project, day: string): void {
  const times = ['10:00:00.000001Z', '10:10:00.000001Z']
  const records = times.map((time) => {
    return record({ timestamp: `${day}T${time}`, x_request_id: day + time, request: chat(`help on ${day} at ${time}`) })
  })
  writeFileSync(join(logs, `requests-${day}.jsonl`), jsonl(records))
}

const pathOf = (day: string) => `<db>/${day.slice(0, 4)}/${day.slice(5, 7)}/ai_proxy_${day.replaceAll('-', '')}.sqlite3`

const [FIRST, LAST] = [pathOf('2025-09-01'), pathOf('2025-09-07')]
const RANGE = '--since 2025-09-01 --to 2025-09-07'
const INSERTED = 'ingest_elapsed_s=<s> rows_inserted'
const NOTHING_NEW = `${INSERTED}=0 rps=0.0
{"files_scanned": 3, "files_ingested": 0, "rows_inserted": 0, "rows_skipped": 0}
`

/**
 * The command lines of the predecessor's guide in its order, run one after the other in one folder with logs of 2025-09-01,
 * 2025-09-07 and 2025-09-08; what they print (<logs> and <db> are the absolute paths of logs and logs/db, <s> and <rps> are figures) and their exit
 * code. The first two differ from the guide, whose `init … | xargs sqlite3 "PRAGMA …"` gave sqlite3 its arguments in the
 * wrong order.
 */
const GUIDE: [command: string, stdout: string, exitCode: number][] = [
  ['./scripts/logdb init', `${pathOf(TODAY)}\nok\n`, 0],
  ['sqlite3 "$(./scripts/logdb init --date 2025-09-15 | head -n 1)" "PRAGMA integrity_check;"', 'ok\n', 0],
  ['./scripts/logdb init --date 2025-09-15', `${pathOf('2025-09-15')}\nok\n`, 0],
  [
    `./scripts/logdb ingest --from ./logs ${RANGE}`,
    `${INSERTED}=4 rps=<rps>\n{"files_scanned": 3, "files_ingested": 2, "rows_inserted": 4, "rows_skipped": 0}\n`,
    0,
  ],
  [`LOGDB_IMPORT_PARALLELISM=4 ./scripts/logdb ingest --from ./logs ${RANGE}`, NOTHING_NEW, 0],
  [`LOGDB_MEMORY_CAP_MB=128 ./scripts/logdb ingest --from ./logs ${RANGE}`, NOTHING_NEW, 0],
  [`LOGDB_IMPORT_PARALLELISM=1 ./scripts/logdb ingest --from ./logs ${RANGE}`, NOTHING_NEW, 0],
  [`./scripts/logdb --no-dotenv ingest --from ./logs ${RANGE}`, NOTHING_NEW, 0],
  [
    'sqlite3 logs/db/2025/09/ai_proxy_20250907.sqlite3 "SELECT source_path, bytes_ingested > 0 FROM ingest_sources;"',
    '<logs>/requests-2025-09-07.jsonl|1\n',
    0,
  ],
  [`./scripts/logdb fts drop ${RANGE}`, `${FIRST} fts dropped\n${LAST} fts dropped\n`, 0],
  [`./scripts/logdb fts build ${RANGE}`, `${FIRST} indexed=3 skipped=0\n${LAST} indexed=3 skipped=0\n`, 0],
  [`./scripts/logdb dialogs assign ${RANGE} --window 30m`, `${FIRST} updated=2\n${LAST} updated=2\n`, 0],
  [`./scripts/logdb dialogs assign ${RANGE} --window 2h`, `${FIRST} updated=2\n${LAST} updated=2\n`, 0],
  [`./scripts/logdb dialogs clear ${RANGE}`, `${FIRST} cleared=2\n${LAST} cleared=2\n`, 0],
  ['./scripts/logdb dialogs assign --to 2025-09-01', `${FIRST} updated=2\n`, 0],
  ['./scripts/logdb dialogs clear --since 2025-09-01 --to 2025-09-01', `${FIRST} cleared=2\n`, 0],
  ['sqlite3 logs/db/2025/09/ai_proxy_20250907.sqlite3 "PRAGMA wal_checkpoint(PASSIVE);"', '0|0|0\n', 0],
  ['LOGDB_ENABLED=false ./scripts/logdb ingest', 'Ingest disabled by LOGDB_ENABLED\n', 2],
  ['LOGDB_FTS_ENABLED=false ./scripts/logdb fts build', 'FTS disabled by LOGDB_FTS_ENABLED\n', 2],
  ['LOGDB_FTS_ENABLED=false ./scripts/logdb fts drop --to 2025-09-01', `${FIRST} fts dropped\n`, 0],
  ['LOGDB_GROUPING_ENABLED=false ./scripts/logdb dialogs assign', 'Dialogs disabled by LOGDB_GROUPING_ENABLED\n', 2],
  ['LOGDB_GROUPING_ENABLED=false ./scripts/logdb dialogs clear', 'Dialogs disabled by LOGDB_GROUPING_ENABLED\n', 2],
  ['./scripts/logdb ingest --since tomorrow', '', 2],
  ['./scripts/logdb init --date 2025-02-30', '', 2],
  ['./scripts/logdb dialogs', '', 2],
  [
    './scripts/logdb merge --from ./logs/db/2025/09 --to ./logs/db/monthly/2025-09.sqlite3 | grep integrity',
    'sources=3 total_requests=4 integrity=ok\n',
    0,
  ],
  ['sqlite3 logs/db/monthly/2025-09.sqlite3 "SELECT COUNT(*) FROM requests; PRAGMA integrity_check;"', '4\nok\n', 0],
]

const masked = (stdout: string) =>
  stdout
    .replace(/^ingest_elapsed_s=\d+\.\d{3} /m, 'ingest_elapsed_s=<s> ')
    .replace(/ rps=(?!0\.0$)\d+\.\d$/m, ' rps=<rps>')

sqliteShellTest("the guide's command lines print what its users know, and end as they did", () => {
  const project = newProject()
  for (const day of ['2025-09-01', '2025-09-07', '2025-09-08']) writeLog(project, day)
  for (const [command, stdout, exitCode] of GUIDE) {
    const ran = project.sh(command)
    const expected = stdout.replaceAll('<logs>', project.logs).replaceAll('<db>', project.db)
    expect([command, masked(ran.stdout), ran.exitCode]).toEqual([command, expected, exitCode])
  }
})

/** As in the guide, except the folder, and without the part that makes a bundle on Sundays. */
const DAILY_CRON = `#!/bin/bash
# /etc/cron.daily/process-ai-proxy-logs

cd "$PROJECT"

# Export configuration
export LOGDB_ENABLED=true
export LOGDB_FTS_ENABLED=true
export LOGDB_GROUPING_ENABLED=true

# Process yesterday's logs
YESTERDAY=$(date -d 'yesterday' +%Y-%m-%d)

# Ingest new logs
./scripts/logdb ingest --from ./logs --since $YESTERDAY --to $YESTERDAY

# Update FTS index
./scripts/logdb fts build --since $YESTERDAY --to $YESTERDAY

# Update dialog groups
./scripts/logdb dialogs assign --since $YESTERDAY --to $YESTERDAY
`

sqliteTest("the guide's daily cron script reads the logs of yesterday, in any shell and from any folder", () => {
  for (const shell of ['sh', 'bash']) {
    const project = newProject()
    for (const day of [dayBefore(2), YESTERDAY, TODAY]) writeLog(project, day)
    writeFileSync(join(project.folder, '.env'), 'LOGDB_ENABLED=false\n')
    const script = join(project.folder, 'process-ai-proxy-logs')
    writeFileSync(script, DAILY_CRON)
    const { exitCode, stdout, stderr } = project.sh(`cd / && ${shell} "${script}"`, { PROJECT: project.folder })
    const path = pathOf(YESTERDAY).replace('<db>', project.db)
    expect([exitCode, stderr]).toEqual([0, '4 records outside --since and --to are left for a later run\n'])
    expect(masked(stdout).split('\n')).toEqual([
      `${INSERTED}=2 rps=<rps>`,
      '{"files_scanned": 3, "files_ingested": 1, "rows_inserted": 2, "rows_skipped": 0}',
      `${path} indexed=3 skipped=0`,
      `${path} updated=2`,
      '',
    ])
  }
})

const isOff = ({ sh }: Project, command: string, env = {}) => {
  const { exitCode, stdout } = sh(command, env)
  return exitCode === 2 && stdout === 'Ingest disabled by LOGDB_ENABLED\n'
}

test.each([
  'LOGDB_ENABLED=false',
  'LOGDB_ENABLED="false"',
  "LOGDB_ENABLED='false'",
  'export LOGDB_ENABLED=False # off',
  '# a comment\r\n\r\nAPI_KEYS="a b$c"\r\nLOGDB_ENABLED = false\r\n',
])('.env is read: %j', async (text) => {
  const project = newProject()
  writeFileSync(join(project.folder, '.env'), text)
  const { exitCode, stdout } = await project.run('ingest')
  expect([exitCode, stdout]).toEqual([2, 'Ingest disabled by LOGDB_ENABLED\n'])
})

test('the real environment beats .env, and --no-dotenv leaves it unread', () => {
  const project = newProject()
  writeFileSync(join(project.folder, '.env'), 'LOGDB_ENABLED=false\n')
  expect(isOff(project, 'LOGDB_ENABLED=true ./scripts/logdb ingest')).toBe(false)
  expect(isOff(project, './scripts/logdb ingest', { LOGDB_ENABLED: 'true' })).toBe(false)
  expect(isOff(project, './scripts/logdb --no-dotenv ingest')).toBe(false)
  expect(isOff(project, './scripts/logdb --no-dotenv ingest', { LOGDB_ENABLED: 'false' })).toBe(true)
  expect(isOff(project, 'cd scripts && ./logdb ingest --from ../logs')).toBe(false)
})

test('a line of .env that is not an assignment is an error with its place', () => {
  const project = newProject()
  writeFileSync(join(project.folder, '.env'), 'A=1\nnonsense\n')
  expect(project.sh('./scripts/logdb ingest')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      '✖ .env line 2: expected NAME=value or a comment that starts with #.\nHint: correct .env; .env.example shows every variable. (CONFIG_INVALID, exit code 2)\n',
  })
  expect(project.sh('./scripts/logdb --help')).toMatchObject({ exitCode: 0, stderr: '' })
})

test('if PATH has no node, as in some crontabs, scripts/logdb says so', () => {
  const { folder, sh } = newProject()
  const link = 'mkdir bin && ln -s "$(command -v sh)" "$(command -v readlink)" "$(command -v dirname)" bin'
  expect(sh(`${link} && PATH="$PWD/bin" ./scripts/logdb init`)).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: `logdb needs node, which is not in PATH (${folder}/bin). Hint: add its folder, for cron in the crontab\n`,
  })
})
