import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { chat, completion, jsonl, record } from '../../helpers/logdb/logs.ts'
import { type Project, projects } from '../../helpers/logdb/project.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'

const newProject = projects()
const MIB = 1024 * 1024

/** Writes how many threads the program made, and the most memory that it had, to the file `measured`. */
const MEASURE = `
import { subscribe } from 'node:diagnostics_channel'
import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
let threads = 0
subscribe('worker_threads', () => threads++)
const maxMib = () => process.resourceUsage().maxRSS / 1024
if (isMainThread) process.on('exit', () => writeFileSync('measured', JSON.stringify({ threads, maxMib: maxMib() })))
`

/** A log of one record for each size. */
function filled(sizesBytes: number[]): Project {
  const project = newProject()
  for (const [index, sizeBytes] of sizesBytes.entries()) {
    const one = record({ x_request_id: `r${index}`, request: chat('word '.repeat(sizeBytes / 5)) })
    writeFileSync(join(project.logs, `requests-${index}.jsonl`), jsonl([one]))
  }
  return project
}

function measured(project: Project, env: Record<string, string>, command = 'ingest') {
  const options = `--import=data:text/javascript,${encodeURIComponent(MEASURE)}`
  const { exitCode, stdout } = project.sh(`./scripts/logdb ${command} --json`, { NODE_OPTIONS: options, ...env })
  expect(exitCode).toBe(0)
  const { threads, maxMib } = JSON.parse(readFileSync(join(project.folder, 'measured'), 'utf8'))
  return { threads, maxMib, ...JSON.parse(stdout).result }
}

sqliteTest('LOGDB_IMPORT_PARALLELISM is the number of threads; one of them writes', () => {
  const sizes = [5 * MIB, 5 * MIB, 5 * MIB]
  for (const [parallelism, threads] of [
    ['1', 0],
    ['2', 1],
    ['4', 3],
  ] as const) {
    const run = measured(filled(sizes), { LOGDB_IMPORT_PARALLELISM: parallelism })
    expect([parallelism, run.threads, run.rows_inserted]).toEqual([parallelism, threads, sizes.length])
  }
  expect(measured(filled([1000, 1000]), { LOGDB_IMPORT_PARALLELISM: '4' }).threads).toBe(0)
})

sqliteTest('LOGDB_MEMORY_CAP_MB, or else LOGDB_MEMORY_MB, limits the memory of a record', () => {
  const most = (env: Record<string, string>) => measured(filled([12 * MIB]), { LOGDB_FTS_ENABLED: 'false', ...env })
  const whole = most({ LOGDB_MEMORY_CAP_MB: '512', LOGDB_MEMORY_MB: '64' })
  expect([whole.rows_inserted, whole.records_quarantined]).toEqual([1, 0])
  for (const name of ['LOGDB_MEMORY_CAP_MB', 'LOGDB_MEMORY_MB']) {
    const bounded = most({ [name]: '64' })
    expect([bounded.rows_inserted, bounded.records_quarantined]).toEqual([0, 1])
    expect(bounded.quarantined[0].reason).toBe('record is longer than 4 MiB, the limit that LOGDB_MEMORY_CAP_MB sets')
    expect(whole.maxMib - bounded.maxMib).toBeGreaterThan(12)
  }
})

sqliteTest('by default a record with two bodies of the longest size that the gateway logs can be read', () => {
  const text = 'word '.repeat((8 * MIB) / 5 - 100)
  const project = newProject()
  writeFileSync(
    join(project.logs, 'requests-1.jsonl'),
    jsonl([record({ request: chat(text), response: completion(text) })]),
  )
  const run = measured(project, { LOGDB_FTS_ENABLED: 'false' })
  expect([run.rows_inserted, run.records_quarantined]).toEqual([1, 0])
})

sqliteTest('a query takes little memory, however many partitions it reads and however large they are', () => {
  const project = newProject()
  // SQLite keeps pages of rows in memory, but not those of a long text.
  const ROWS = 2500
  const days = Array.from({ length: 12 }, (_, index) => `2025-09-${10 + index}`)
  for (const day of days) {
    const records = Array.from({ length: ROWS }, (_, index) => {
      const request = chat(`${day} ${index} ${'word '.repeat(700)}`)
      return record({ timestamp: `${day}T12:00:00Z`, x_request_id: `${day} ${index}`, request })
    })
    writeFileSync(join(project.logs, `requests-${day}.jsonl`), jsonl(records))
  }
  measured(project, { LOGDB_FTS_ENABLED: 'false' })
  const sum = `query "SELECT count(*) AS n, sum(length(request_json)) > 0 AS isRead FROM requests"`
  // As many partitions as SQLite attaches, and more.
  for (const [to, count] of [
    ['2025-09-19', 10],
    ['2025-09-21', 12],
  ] as const) {
    const { maxMib, 0: row } = measured(project, {}, `${sum} --to ${to}`)
    expect(row).toEqual({ n: count * ROWS, isRead: 1 })
    expect(maxMib).toBeLessThan(150)
  }
})
