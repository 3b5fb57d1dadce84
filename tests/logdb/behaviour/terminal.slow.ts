import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { chat, jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { type Project, projects } from '../../helpers/logdb/project.ts'
import { pythonTest } from '../../helpers/logdb/sqlite-test.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'

const CTRL_C = '\u0003'
const IN_TERMINAL = fileURLToPath(import.meta.resolve('../../helpers/process/in-terminal.py'))
const CLEAR = '\r\u001b[K'
/** A few commits. */
const RECORDS = 3000

const newProject = projects()
const sharedFolder = sharedTempFolder()

function filled(recordCount = RECORDS): Project {
  const project = newProject()
  writeFileSync(join(project.logs, 'requests-1.jsonl'), logOf(recordCount))
  return project
}

let shared: Project | undefined

/** A project whose log is ingested, for tests that only read; it lives as long as the file. */
function ingested(): Project {
  if (shared === undefined) {
    shared = newProject(sharedFolder)
    writeFileSync(join(shared.logs, 'requests-1.jsonl'), logOf(RECORDS))
    expect(shared.sh('./scripts/logdb ingest')).toMatchObject({ exitCode: 0, stderr: '' })
  }
  return shared
}

const logs = new Map<number, string>()

function logOf(recordCount: number): string {
  const records = Array.from({ length: logs.has(recordCount) ? 0 : recordCount }, (_, index) => {
    return record({
      timestamp: timestampAt(index),
      x_request_id: `r${index}`,
      request: chat(`question ${index} about rates`),
    })
  })
  const log = logs.get(recordCount) ?? jsonl(records)
  logs.set(recordCount, log)
  return log
}

interface Shown {
  shown: string
  exitCode: number
}

/** Runs a command line with `sh` in a terminal; with `when` Ctrl-C is pressed as soon as that is shown. */
function inTerminal(
  { folder }: Project,
  command: string,
  { columns = 100, when = '', env = {} }: { columns?: number; when?: string; env?: Record<string, string> } = {},
): Shown {
  const answers = when === '' ? [] : [[when, CTRL_C]]
  const args = ['-S', IN_TERMINAL, String(columns), JSON.stringify(answers), 'sh', '-c', `exec ${command}`]
  const environment = { PATH: process.env['PATH'], TERM: 'xterm', ...env }
  return JSON.parse(execFileSync('python3', args, { cwd: folder, env: environment, encoding: 'utf8' }))
}

async function rowsIn({ run }: Project): Promise<number> {
  const { stdout } = await run(['query', 'SELECT count(*) AS n FROM requests', '--csv'])
  return Number(stdout.split('\n')[1])
}

pythonTest('on a terminal one line shows how far ingest is, and disappears at the end', async () => {
  const project = filled()
  const { shown, exitCode } = inTerminal(project, './scripts/logdb ingest > out')
  expect([exitCode, await rowsIn(project)]).toEqual([0, RECORDS])
  const [before, ...lines] = shown.split(CLEAR)
  expect([before, lines.pop(), lines.length > 1]).toEqual(['', '', true])
  expect(lines[0]).toMatch(/^\d\d? %, \d+:\d\d left, \d+\.\d MB\/s, \d+\.\d of \d+\.\d MB, \d+ rows$/)
  expect(lines.at(-1)).toMatch(/^100 %, \d+\.\d MB\/s, (\d+\.\d) of \1 MB, 3000 rows$/)
  expect(readFileSync(join(project.folder, 'out'), 'utf8')).toMatch(/^ingest_elapsed_s=.*\n\{.*\}\n$/)
})

pythonTest('the line fits into a narrow terminal, and data is not mixed with it', () => {
  const { shown } = inTerminal(filled(), './scripts/logdb ingest', { columns: 24 })
  const lines = shown.split(CLEAR).slice(1)
  const data = lines.pop()
  expect(lines.map((line) => line.length)).toEqual(lines.map(() => 23))
  expect(lines[0]).toMatch(/^\d\d? %, \d+:\d\d left, /)
  expect(data).toMatch(/^ingest_elapsed_s=\d+\.\d{3} rows_inserted=3000 rps=\d+\.\d\r\n\{.*\}\r\n$/)
})

pythonTest('the line is cleared before an error too', () => {
  const project = filled()
  const nextDay = record({ timestamp: '2025-09-11T12:00:00.000001Z' })
  writeFileSync(join(project.logs, 'requests-2.jsonl'), jsonl([nextDay]))
  mkdirSync(join(project.db, '2025/09'), { recursive: true })
  writeFileSync(join(project.db, '2025/09/ai_proxy_20250911.sqlite3'), 'no database')
  const { shown, exitCode } = inTerminal(project, './scripts/logdb ingest', { env: { LOGDB_SERVER_ID: 'here' } })
  const [last = '', error] = shown.split(CLEAR).slice(-2)
  expect([exitCode, last, error]).toEqual([
    1,
    expect.stringMatching(/ rows$/),
    expect.stringMatching(/^.*✖.* .* is damaged or not a SQLite database\.\r\nHint: .*\r\n$/),
  ])
})

pythonTest('with --quiet there is no line', () => {
  expect(inTerminal(filled(), './scripts/logdb ingest --quiet')).toEqual({ exitCode: 0, shown: '' })
})

pythonTest('Ctrl-C ends a run after a clean commit with 130, even with a single thread', async () => {
  for (const threads of ['1', '2']) {
    const many = 20 * RECORDS
    const project = filled(many)
    const env = { LOGDB_IMPORT_PARALLELISM: threads }
    const { shown, exitCode } = inTerminal(project, './scripts/logdb ingest', { when: ' rows', env })
    expect([exitCode, shown]).toEqual([130, expect.stringContaining('interrupted; everything up to here is stored')])
    const stored = await rowsIn(project)
    expect([stored > 0, stored < many]).toEqual([true, true])
    expect(await project.run('audit --deep')).toMatchObject({ exitCode: 0 })
  }
})

pythonTest('line and colours are for terminals, and NO_COLOR is honoured', () => {
  const project = ingested()
  const search = (env = {}) => inTerminal(project, './scripts/logdb search rates --limit 1', { env }).shown
  expect(search()).toContain('\u001b[1m\u001b[33mrates\u001b[39m\u001b[22m')
  for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) expect(search(env)).not.toContain('\u001b')
  expect(project.sh('./scripts/logdb search rates --limit 1').stdout).not.toContain('\u001b')
  const stats = inTerminal(project, './scripts/logdb stats', { env: { NO_COLOR: '1' } })
  expect(stats).toEqual({ exitCode: 0, shown: expect.not.stringContaining('\u001b') })
})

pythonTest('tables fit the terminal, and only a terminal', () => {
  const project = ingested()
  const stats = (columns: number) =>
    inTerminal(project, './scripts/logdb stats --no-pager', { columns, env: { NO_COLOR: '1' } })
  for (const columns of [70, 80, 160]) {
    const tables = stats(columns)
      .shown.split('\r\n')
      .filter((line) => !line.startsWith('requests '))
    expect(tables.filter((line) => line.length > columns)).toEqual([])
  }
  expect([stats(70).shown.includes('█'), stats(160).shown.includes('█'.repeat(20))]).toEqual([false, true])
  expect(project.sh('./scripts/logdb stats').stdout).toContain('█'.repeat(20))
})

pythonTest('what is longer than a screen is shown in the pager, unless the user wants none', () => {
  const project = ingested()
  writeFileSync(join(project.folder, 'pager'), '#!/bin/sh\nsed "s/^/| /"\n', { mode: 0o755 })
  const search = './scripts/logdb search rates --limit 12'
  const shown = (command: string, env: Record<string, string> = {}) => {
    return inTerminal(project, command, { env: { NO_COLOR: '1', PAGER: './pager', ...env } })
  }
  const lines = shown(search).shown.trim().split('\r\n')
  expect(lines.findIndex((line) => !line.startsWith('| '))).toBe(24)
  expect(lines.slice(24)).toEqual(['1,000 messages or more', 'more: --limit 24 or --page 2'])
  const plain = expect.not.stringContaining('| ')
  for (const one of [
    shown(`${search} --no-pager`),
    shown(search, { NO_PAGER: '1' }),
    shown(search, { PAGER: '' }),
    shown(search, { PAGER: 'cat' }),
    shown(`${search} --json`),
    shown('./scripts/logdb search rates --limit 11'),
  ]) {
    expect(one).toEqual({ exitCode: 0, shown: plain })
  }
  const missing = shown(search, { PAGER: 'no-such-pager' })
  expect(missing).toEqual({ exitCode: 0, shown: expect.stringContaining('about rates') })
  expect(project.sh(search, { PAGER: './pager' }).stdout).not.toContain('| ')
})
