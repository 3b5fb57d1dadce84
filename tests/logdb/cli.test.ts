import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot, packageVersion } from '../../kit/package-root.ts'
import { loadSqlite } from '../../logdb/store/sqlite/open.ts'
import { chat, jsonl, predecessorBlock, predecessorEvent, record } from '../helpers/logdb/logs.ts'
import { shownError } from '../helpers/logdb/shown-error.ts'
import { sqliteShellTest, sqliteTest } from '../helpers/logdb/sqlite-test.ts'
import { openDatabase, workspace } from '../helpers/logdb/workspace.ts'
import { compiledLogdb } from '../helpers/process/compiled-package.ts'

const CLI = compiledLogdb()

sqliteTest('init prints the path of the partition and ok', async () => {
  const { db, run } = workspace()
  const path = join(db, '2025/09/ai_proxy_20250915.sqlite3')
  expect(await run(['init', '--date', '2025-09-15'])).toEqual({ exitCode: 0, stdout: `${path}\nok\n`, stderr: '' })
  expect(await run(['init', '--date', '2025-9-15'])).toMatchObject({ exitCode: 0, stdout: `${path}\nok\n` })
  const today = new Date().toISOString().slice(0, 10).replaceAll('-', '')
  expect((await run(['init', '--out', 'x'])).stdout).toContain(
    `/x/${today.slice(0, 4)}/${today.slice(4, 6)}/ai_proxy_${today}.sqlite3\nok`,
  )
  expect(JSON.parse((await run(['init', '--date', '2025-09-15', '--json'])).stdout)).toEqual({
    ok: true,
    verb: 'init',
    result: { path, integrity: 'ok' },
    warnings: [],
  })
})

sqliteTest('a partition made by init is searched like any other', async () => {
  const { run, write } = workspace()
  write('requests-2025-09-10.jsonl', jsonl([record()]))
  await run(['ingest'])
  await run(['init', '--date', '2025-09-15'])
  expect(await run(['search', 'hello'])).toMatchObject({ exitCode: 0, stderr: '1 message in 1 request\n' })
})

sqliteTest('ingest prints the two lines of the predecessor', async () => {
  const { run, write } = workspace()
  write('requests-2025-09-10.jsonl', jsonl([record(), record()]))
  const { exitCode, stdout, stderr } = await run([
    '--no-dotenv',
    'ingest',
    '--from',
    './logs',
    '--since',
    '2025-09-01',
    '--to',
    '2025-09-30',
  ])
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(
    /^ingest_elapsed_s=\d+\.\d{3} rows_inserted=1 rps=\d+\.\d\n\{"files_scanned": 1, "files_ingested": 1, "rows_inserted": 1, "rows_skipped": 1\}\n$/,
  )
})

sqliteTest('bad records are counted on stderr and change the exit code only with --strict', async () => {
  const { run, write, logs } = workspace()
  write('requests-2025-09-10.jsonl', `oops\n${jsonl([record()])}`)
  const plain = await run(['ingest'])
  expect(plain.exitCode).toBe(0)
  expect(plain.stderr).toContain('1 record could not be read; logdb errors lists them:')
  expect(plain.stderr).toContain(`${join(logs, 'requests-2025-09-10.jsonl')} at byte 0 (5 bytes): expected { at byte 0`)
  write('requests-2025-09-11.jsonl', 'oops\n')
  expect((await run(['ingest', '--strict'])).exitCode).toBe(3)
  expect((await run(['ingest', '--strict'])).exitCode).toBe(0)
})

sqliteTest('a program that runs from its sources reads large logs without a thread', () => {
  const { folder, write } = workspace()
  const long = chat('long '.repeat(1_000_000))
  write('requests-2025-09-10.jsonl', jsonl([record({ request: long })]))
  const args = ['--import', import.meta.resolve('tsx'), join(packageRoot(), 'logdb/cli.ts'), 'ingest']
  const { status, stderr, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  expect([status, stderr, stdout]).toEqual([0, '', expect.stringContaining('rows_inserted=1 ')])
})

sqliteTest('with --json ingest gives one document', async () => {
  const { run, write } = workspace()
  write('v1.log', predecessorBlock(predecessorEvent()))
  const { stdout } = await run(['ingest', '--json', '--since', '2025-09-11'])
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    verb: 'ingest',
    result: { files_scanned: 1, rows_inserted: 0, records_filtered: 1, interrupted: false },
    warnings: [],
  })
})

sqliteTest('a dry run of ingest names what is not read yet, and makes nothing', async () => {
  const { db, run, write } = workspace()
  const log = jsonl([record()])
  const path = write('requests-1.jsonl', log)
  const stderr = 'nothing was changed: this was a dry run\n'
  const stdout = `${path} unread=${log.length}\n`
  expect(await run(['ingest', '--dry-run'])).toEqual({ exitCode: 0, stdout, stderr })
  expect(existsSync(db)).toBe(false)
  await run(['ingest'])
  expect(await run(['ingest', '--dry-run'])).toEqual({ exitCode: 0, stdout: '', stderr })
  write('requests-1.jsonl', log + jsonl([record({ x_request_id: 'late' })]))
  const dry = JSON.parse((await run(['ingest', '--dry-run', '--json'])).stdout)
  expect(dry).toMatchObject({ ok: true, verb: 'ingest', dry_run: true, result: { unread: [{ path }] } })
})

test('a switch that is off gives the line of the predecessor and exit 2', async () => {
  const { run } = workspace()
  expect(await run(['ingest'], { LOGDB_ENABLED: 'false' })).toEqual({
    exitCode: 2,
    stdout: 'Ingest disabled by LOGDB_ENABLED\n',
    stderr: '',
  })
  for (const off of ['False', '0', ' no ', 'OFF']) {
    expect(await run(['ingest'], { LOGDB_ENABLED: off })).toMatchObject({ exitCode: 2 })
  }
  expect(JSON.parse((await run(['ingest', '--json'], { LOGDB_ENABLED: 'False' })).stdout)).toMatchObject({
    ok: false,
    verb: 'ingest',
    error: { code: 'DISABLED', message: 'Ingest disabled by LOGDB_ENABLED' },
  })
})

test('.env is read, the real environment beats it, and --no-dotenv leaves it alone', async () => {
  const { folder, run } = workspace()
  writeFileSync(join(folder, '.env'), 'LOGDB_ENABLED="false"\n')
  const isOff = async (args: string[], env = {}) => (await run(args, env)).stdout.startsWith('Ingest disabled')
  expect(await isOff(['ingest'])).toBe(true)
  expect(await isOff(['--no-dotenv', 'ingest', '--from', 'nowhere'])).toBe(false)
  expect(await isOff(['ingest', '--from', 'nowhere'], { LOGDB_ENABLED: 'true' })).toBe(false)
})

test.each([
  [['ingest', '--since', 'tomorrow'], 'expected a date like 2025-09-15'],
  [['search', 'x', '--tz', 'Mars'], 'expected a time zone'],
  [['ingest', '--since', '2025-02-30'], 'expected a date like 2025-09-15'],
  [['ingest', '--since', '2025-09-02', '--to', '2025-09-01'], '--since 2025-09-02 is after --to 2025-09-01'],
  [['ingest', '--nonsense'], 'Unknown option'],
  [['search'], 'The query holds no word'],
  [['search', '--raw-query'], 'The query holds no word'],
  [['search', ' -- '], 'The query holds no word'],
  [['search', 'x', '--status', '7xx'], 'expected a status'],
  [['search', 'x', '--snippet', '65'], 'expected at most 64'],
  [['search', 'x', '--limit', '0'], 'expected a whole number'],
  [['fts'], 'Usage: logdb fts'],
])('%j is a usage error', async (args, message) => {
  const { exitCode, stderr } = await workspace().run(args)
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)])
})

test.each([
  ['LOGDB_PARTITION_GRANULARITY', 'hourly', 'daily or weekly'],
  ['LOGDB_ENABLED', 'ture', 'true or false'],
  ['LOGDB_FTS_ENABLED', 'build', 'true or false'],
  ['LOGDB_GROUPING_ENABLED', '2', 'true or false'],
  ['LOGDB_IMPORT_PARALLELISM', '0', 'a whole number from 1 to 64'],
  ['LOGDB_IMPORT_PARALLELISM', 'two', 'a whole number from 1 to 64'],
  ['LOGDB_MEMORY_CAP_MB', '32', 'a whole number from 64 to 1048576'],
  ['LOGDB_MEMORY_MB', '256M', 'a whole number from 64 to 1048576'],
])('%s=%s is refused with what is allowed', async (name, value, allowed) => {
  const { exitCode, stderr } = await workspace().run(['ingest'], { [name]: value })
  expect([exitCode, stderr]).toEqual([
    2,
    shownError(2, {
      code: 'CONFIG_INVALID',
      message: `${name}: found "${value}", allowed: ${allowed}`,
      hint: 'correct it in .env or in the environment',
    }),
  ])
})

test('an empty value of a switch is the same as no value', async () => {
  const { run } = workspace()
  expect(await run(['ingest'], { LOGDB_ENABLED: '', LOGDB_PARTITION_GRANULARITY: '' })).toMatchObject({ exitCode: 0 })
})

test.each([['replicate', 'create'], ['compress', '--from', 'a'], ['vacuum'], ['compress', '--help'], ['xyz']])(
  '%s, which is not a command, is refused, and no other is suggested',
  async (...args) => {
    const { run } = workspace()
    const message = `unknown command '${args[0]}'`
    const hint = 'see logdb --help'
    const error = { code: 'USAGE', message, hint }
    expect(await run(args)).toEqual({ exitCode: 2, stdout: '', stderr: shownError(2, error) })
    const { stdout } = await run([...args, '--json'])
    expect(JSON.parse(stdout)).toEqual({ ok: false, verb: '', error })
  },
)

test.each([
  ['Ingest', 'ingest'],
  ['serch', 'search'],
  ['stat', 'stats'],
])('for %s, which is not a command, %s is suggested', async (typed, meant) => {
  const hint = `did you mean logdb ${meant}? All are in logdb --help`
  const error = { code: 'USAGE', message: `unknown command '${typed}'`, hint }
  expect(await workspace().run([typed])).toEqual({ exitCode: 2, stdout: '', stderr: shownError(2, error) })
})

test('a wrong option is reported with the help to look at', async () => {
  const { run } = workspace()
  expect(await run(['fts', 'build', '--snce', '2025-09-01', '--json'])).toEqual({
    exitCode: 2,
    stdout: `${JSON.stringify({
      ok: false,
      verb: 'fts build',
      error: {
        code: 'USAGE',
        message: "unknown option '--snce' (Did you mean --since?)",
        hint: 'see logdb fts build --help',
      },
    })}\n`,
    stderr:
      "✖ Unknown option '--snce' (Did you mean --since?).\nHint: see logdb fts build --help. (USAGE, exit code 2)\n",
  })
})

test('--json takes effect only as an option', async () => {
  expect(await workspace().run(['show', '--', '--json'])).toMatchObject({ exitCode: 1, stdout: '' })
})

sqliteTest('--quiet prints nothing if all goes well, and everything if it does not', async () => {
  const { db, run, write } = workspace()
  const silence = { exitCode: 0, stdout: '', stderr: '' }
  write('requests-1.jsonl', jsonl([record()]))
  for (const verb of [
    ['init', '--date', '2025-09-10'],
    ['ingest', '--since', '2025-09-11'],
    ['ingest'],
    ['ingest', '--json'],
    ['fts', 'build'],
    ['fts', 'drop'],
    ['dialogs', 'assign'],
    ['dialogs', 'clear', '--dry-run'],
    ['audit', '--deep'],
    ['verify'],
    ['errors', 'retry'],
    ['retain', '--bodies', '2025-01-01', '--yes'],
    ['seal', '--out', 'nowhere'],
    ['convert'],
  ]) {
    expect([verb, await run([...verb, '--quiet'])]).toEqual([verb, silence])
  }
  write('requests-2.jsonl', 'oops\n')
  expect(await run(['ingest', '--quiet'])).toMatchObject({
    exitCode: 0,
    stdout: '',
    stderr: expect.stringContaining('1 record could not be read'),
  })
  const path = join(db, '2025/09/ai_proxy_20250910.sqlite3')
  writeFileSync(path, 'no database')
  expect(await run(['verify', '--quiet'])).toEqual({
    exitCode: 1,
    stdout: `${path} rows=0 fail\n`,
    stderr: expect.stringContaining('is damaged or not a SQLite database'),
  })
})

test('a file in the place of a folder is reported as such', async () => {
  const { folder, run } = workspace()
  writeFileSync(join(folder, 'file'), '')
  for (const verb of [['ingest'], ['init'], ['stats'], ['verify']]) {
    expect(await run([...verb, '--out', 'file'])).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/^✖ A file is where a folder is needed: .*\/file\.\nHint: name another path/),
    })
  }
})

sqliteTest('a user who may not write to the folder of an unsealed partition gets an error that says so', async () => {
  const { db, folder, run, write } = workspace()
  write('requests-1.jsonl', jsonl([record()]))
  await run(['ingest'])
  const isRoot = process.getuid?.() === 0
  const paths = [
    folder,
    dirname(db),
    db,
    ...readdirSync(db, { recursive: true, encoding: 'utf8' }).map((n) => join(db, n)),
  ]
  const modeOf = (path: string) => (statSync(path).isDirectory() ? 0o555 : 0o444)
  for (const path of paths.reverse()) chmodSync(path, modeOf(path))
  const args = [CLI, 'stats']
  const as = isRoot ? { uid: 65534, gid: 65534 } : {}
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', ...as })
  for (const path of paths.reverse()) chmodSync(path, 0o755)
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(
    /^✖ Cannot open .*ai_proxy_20250910.sqlite3: .*\nHint: run it as the user who owns that folder/,
  )
})

test('help and version need nothing', async () => {
  const { run } = workspace()
  expect(await run(['--version'])).toEqual({ exitCode: 0, stdout: `${packageVersion()}\n`, stderr: '' })
  for (const verb of [[], ['init'], ['ingest'], ['search'], ['fts', 'build']]) {
    expect(await run([...verb, '--help'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Usage: logdb'),
      stderr: '',
    })
  }
})

sqliteTest('an empty database has nothing to search, which is not an error', async () => {
  const { db, run } = workspace()
  const stderr = `${db} contains no log database: run logdb ingest, or give --out\n`
  expect(await run(['search', 'x'])).toEqual({ exitCode: 0, stdout: '', stderr })
})

test('a missing folder of logs is an error with a hint, as JSON too', async () => {
  const { run } = workspace()
  const { exitCode, stdout, stderr } = await run(['ingest', '--from', 'nowhere', '--json'])
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Hint: name the folder of the logs with --from')])
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'LOGS_MISSING' } })
})

test('without better-sqlite3 the error says what to install', async () => {
  const missing = loadSqlite(() => Promise.reject(new Error("Cannot find package 'better-sqlite3'")))
  await expect(missing).rejects.toMatchObject({
    code: 'SQLITE_MISSING',
    hint: expect.stringContaining('npm install better-sqlite3'),
  })
})

/** Makes every import of better-sqlite3 fail, as on a machine where it could not be built. */
const HOOK = `export async function resolve(name, context, next) {
  if (name === 'better-sqlite3') throw new Error("Cannot find package 'better-sqlite3'")
  return next(name, context)
}`
const asUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`
const WITHOUT_SQLITE = asUrl(`import { register } from 'node:module'; register(${JSON.stringify(asUrl(HOOK))})`)

test('without better-sqlite3 the program still starts', () => {
  const { folder } = workspace()
  const logdb = (...args: string[]) => {
    return spawnSync(process.execPath, ['--import', WITHOUT_SQLITE, CLI, ...args], { cwd: folder, encoding: 'utf8' })
  }
  expect(logdb('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('Usage: logdb') })
  expect(logdb('init')).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/needs the package better-sqlite3.*\nHint: run: npm install/s),
  })
})

sqliteShellTest('whatever the umask, only owner and group can read the files of ingest', async () => {
  const made: Record<string, Set<string>> = {}
  for (const umask of ['022', '077']) {
    const { folder, db, write, partitions } = workspace()
    write('requests-2025-09-10.jsonl', jsonl([record()]))
    const command = `umask ${umask}; exec "$0" "$1" ingest`
    const args = ['-c', command, process.execPath, CLI]
    expect(spawnSync('sh', args, { cwd: folder, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
    const [partition = ''] = partitions()
    // While a process reads there are -wal and -shm, which get the mode of the database.
    const reader = await openDatabase(partition)
    try {
      expect(reader.prepare('SELECT COUNT(*) FROM requests').pluck().get()).toBe(1)
      const shell = spawnSync('sqlite3', [partition, 'SELECT COUNT(*) FROM requests'], { encoding: 'utf8' })
      expect(shell).toMatchObject({ status: 0, stdout: '1\n', stderr: '' })
      const names = readdirSync(db, { recursive: true, encoding: 'utf8' })
      const day = '2025/09/ai_proxy_20250910.sqlite3'
      expect(names).toEqual(expect.arrayContaining(['.server_id', 'control.sqlite3', day, `${day}-wal`, `${day}-shm`]))
      const modes = ['.', ...names].map((name) => statSync(join(db, name)))
      made[umask] = new Set(modes.map((stat) => `${stat.isDirectory() ? 'd' : 'f'}${(stat.mode & 0o777).toString(8)}`))
    } finally {
      reader.close()
    }
  }
  expect(made).toEqual({ '022': new Set(['d750', 'f640']), '077': new Set(['d700', 'f600']) })
})

test('scripts/logdb runs the built logdb of its clone from any folder, with all arguments and the exit code', () => {
  const { folder } = workspace()
  const clone = join(folder, 'a clone')
  for (const path of ['scripts', 'dist/logdb', 'elsewhere']) mkdirSync(join(clone, path), { recursive: true })
  copyFileSync(join(packageRoot(), 'scripts/logdb'), join(clone, 'scripts/logdb'))
  chmodSync(join(clone, 'scripts/logdb'), 0o755)
  symlinkSync(join(clone, 'scripts/logdb'), join(folder, 'link'))
  const start = (command: string, cwd: string) => spawnSync(command, ['a b', '$HOME', "'"], { cwd, encoding: 'utf8' })
  expect(start(join(clone, 'scripts/logdb'), clone)).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('npm run build'),
  })
  writeFileSync(join(clone, 'package.json'), '{"type":"module"}')
  writeFileSync(
    join(clone, 'dist/logdb/cli.js'),
    'const { LOGDB_SCRIPT } = process.env; console.log(JSON.stringify([LOGDB_SCRIPT, process.cwd(), ...process.argv.slice(2)])); process.exitCode = 7',
  )
  for (const [command, cwd] of [
    ['./scripts/logdb', clone],
    ['../scripts/logdb', join(clone, 'elsewhere')],
    [join(folder, 'link'), folder],
  ] as const) {
    const { status, stdout, stderr } = start(command, cwd)
    expect([status, stderr, JSON.parse(stdout)]).toEqual([7, '', [command, cwd, 'a b', '$HOME', "'"]])
  }
})
