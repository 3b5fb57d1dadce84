import { copyFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { seededRandom } from '../../random.ts'
import { sharedTempFolder } from '../../temp-folder.ts'
import { chat, completion, jsonl, predecessorBlock, predecessorEvent, record, timestampAt } from '../logs.ts'
import { makePredecessorDatabase, type PredecessorTuple } from '../predecessor-database.ts'
import { RotatingLogs, streamOf } from '../rotating-logs.ts'
import { openDatabase, SERVER_ID, type Workspace, workspace } from '../workspace.ts'
import type { Killable } from './kills.ts'

/** From an hour before midnight on, so that there are two partitions. */
const START = '2025-09-10T23:00:00Z'
const STEP_US = 1_000_001
const LAST_TURNS = 12
/** Between two writes of a log. */
const PAUSE_MS = 1

/**
 * Logs for many runs: conversations over midnight in both formats, plain and compressed, with damage and foreign text. Each
 * text is `words` words long.
 */
export function logsOf(records: number, words = 50): string {
  const stepUs = Math.max(STEP_US, Math.floor(7_200_000_000 / records))
  let history: { role: string; content: string }[] = []
  const events = Array.from({ length: records }, (_, number) => {
    const question = `question ${number} ${'lorem '.repeat(words)}`
    const answer = `answer ${number} ${'dolor '.repeat(words)}`
    const fields = {
      timestamp: timestampAt(number, START, stepUs),
      request: chat(question, history),
      response: completion(answer),
    }
    const said = [...history, { role: 'user', content: question }, { role: 'assistant', content: answer }]
    history = number % LAST_TURNS === 0 ? [] : said
    return number % 3 === 0 ? predecessorEvent(fields) : record({ ...fields, x_request_id: `x${number}` })
  })
  const ours = events.filter((event) => 'v' in event)
  const old = events.filter((event) => !('v' in event)).map((event) => predecessorBlock(event))
  const [plain, packed] = [ours.slice(0, ours.length / 2), ours.slice(ours.length / 2)]
  return sharedTempFolder({
    'requests-1.jsonl': `${jsonl(plain)}oops\n{"v":1,"time`,
    'requests-2.jsonl.gz': gzipSync(jsonl(packed), { level: 1 }),
    'v1_chat_completions.log': `starting\n${old.join('')}${old[0]?.slice(0, 300)}\n${old[1]}`,
  })
}

/** A folder like that of a gateway with these logs. */
export function spaceWith(logs: string): Workspace {
  const space = workspace()
  cpSync(logs, space.logs, { recursive: true })
  return space
}

/** `ingest`, from nothing. */
export function killableIngest(cli: string, logs: string, env: Record<string, string> = {}): Killable {
  return { cli, args: ['ingest', '--json'], env, setUp: async () => spaceWith(logs), contentOf }
}

/** `ingest` of a day that an earlier run left out. */
export function killableGaps(cli: string, logs: string): Killable {
  const setUp = async () => {
    const space = spaceWith(logs)
    await space.ingest({ to: '2025-09-10' })
    return space
  }
  return { cli, args: ['ingest', '--json'], setUp, contentOf }
}

/** `fts build` where `ingest` made no index. */
export function killableIndex(cli: string, logs: string): Killable {
  const setUp = async () => {
    const space = spaceWith(logs)
    await space.ingest({ env: { LOGDB_FTS_ENABLED: 'false' } })
    return space
  }
  return { cli, args: ['fts', 'build', '--json'], setUp, contentOf }
}

export function killableSeal(cli: string, logs: string): Killable {
  const setUp = async () => {
    const space = spaceWith(logs)
    await space.ingest()
    return space
  }
  return { cli, args: ['seal', '--json'], setUp, contentOf }
}

/** `merge` of two days, which are deleted afterwards. */
export function killableMerge(cli: string, logs: string): Killable {
  const to = 'logs/db/2025/M09/ai_proxy_202509.sqlite3'
  const args = ['merge', '--from', 'logs/db/2025/09', '--to', to, '--delete-sources', '--json']
  return { ...killableSeal(cli, logs), args }
}

/** `convert` of two days of the predecessor. */
export function killableConvert(cli: string, rows: number): Killable {
  const setUp = async () => {
    const space = workspace()
    for (const day of ['09', '10']) {
      makePredecessorDatabase(join(space.db, `2025/09/ai_proxy_202509${day}.sqlite3`), oldRows(day, rows))
    }
    return space
  }
  return { cli, args: ['convert', '--json'], setUp, contentOf }
}

/** `export` of two days, over an earlier export of one of them with fewer rows. */
function killableExport(cli: string, logs: string): Killable {
  const setUp = async () => {
    const space = spaceWith(logs)
    const late = space.write('requests-3.jsonl', '')
    await space.ingest()
    await space.run(['export', '--to', '2025-09-10'])
    writeFileSync(late, jsonl([record({ timestamp: START.replace('Z', '.000009Z'), x_request_id: 'late' })]))
    await space.ingest()
    return space
  }
  return { cli, args: ['export', '--json'], setUp, contentOf: exportOf }
}

/** The files of an export, which are as its manifest and the database say. */
async function exportOf(space: Workspace) {
  expect(await space.run(['export', '--verify'])).toMatchObject({ exitCode: 0, stderr: '' })
  const folder = join(space.logs, 'export')
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(jsonl|part)$/.test(name),
  )
  return names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')])
}

/** `bundle import` of the requests of another server, which had the same conversations. */
function killableImport(cli: string, logs: string): Killable {
  const folder = sharedTempFolder()
  let bundle: Promise<string> | undefined
  const setUp = async () => {
    bundle ??= bundleOf(logs, folder)
    const space = spaceWith(logs)
    await space.ingest({ env: { LOGDB_SERVER_ID: OTHER_SERVER } })
    copyFileSync(await bundle, join(space.folder, 'w.tgz'))
    return space
  }
  return { cli, args: ['bundle', 'import', 'w.tgz', '--json'], setUp, contentOf }
}

const OTHER_SERVER = '99999999-2222-3333-4444-555555555555'

async function bundleOf(logs: string, folder: string): Promise<string> {
  const space = spaceWith(logs)
  await space.ingest()
  const bundle = join(folder, 'w.tgz')
  await space.run(['bundle', 'create', '--out', bundle])
  return bundle
}

/** Commands that change a database of few rows, by what they do. */
export function killableCommands(cli: string, logs: string): [name: string, killable: Killable][] {
  return [
    ['ingest', killableIngest(cli, logs)],
    ['ingest of days left out', killableGaps(cli, logs)],
    ['fts build', killableIndex(cli, logs)],
    ['seal', killableSeal(cli, logs)],
    ['convert', killableConvert(cli, 20)],
    ['export', killableExport(cli, logs)],
    ['merge', killableMerge(cli, logs)],
    ['bundle import', killableImport(cli, logs)],
  ]
}

function oldRows(day: string, count: number): PredecessorTuple[] {
  const noonS = Date.parse(`2025-09-${day}T12:00:00Z`) / 1000
  return Array.from({ length: count }, (_, index) => [
    `${day}${String(index).padStart(62, '0')}`,
    SERVER_ID,
    noonS + index,
    '/v1/chat/completions',
    'gpt-4',
    'openai/gpt-4',
    200,
    12.5,
    '-1234567890',
    `{"messages": [{"content": "question ${day} ${index}", "role": "user"}], "model": "gpt-4"}`,
    `{"choices": [{"message": {"content": "answer ${index}", "role": "assistant"}}]}`,
    index % 2 === 0 ? `dlg-${index}` : null,
  ])
}

/** `ingest` while logs are written and rotated; in the end everything is read once more. */
export function killableRotation(cli: string, records: number): Killable {
  const stream = streamOf(records)
  const written = new Map<Workspace, Promise<void>>()
  const setUp = async () => {
    const space = workspace()
    written.set(space, writeAll(new RotatingLogs(space.logs, stream, seededRandom(written.size))))
    return space
  }
  return {
    cli,
    args: ['ingest', '--json'],
    setUp,
    contentOf: async (space) => {
      await written.get(space)
      expect(await space.ingest()).toMatchObject({ bytesPending: 0, unreadable: [] })
      const { rows, counts, errors } = await contentOf(space)
      expect(rows).toHaveLength(2 * records)
      return { rows, counts, errors }
    },
  }
}

async function writeAll(logs: RotatingLogs): Promise<void> {
  while (logs.step()) await setTimeout(PAUSE_MS)
}

const LEDGER = `
  SELECT path, offset, ingested_bytes, duplicate_bytes, ignored_bytes, filtered_bytes, quarantined_bytes, pending_bytes
  FROM sources ORDER BY path`
const COUNTS = `
  SELECT (SELECT count(*) FROM z_msg) AS messages, (SELECT count(*) FROM z_node) AS nodes,
    (SELECT count(*) FROM z_msg_first) AS searchable`

/**
 * Everything that can be read: rows, what they share, the ledger, what was set aside, which files there are. That the files
 * are whole, and that ids and ledger agree with the rows, is checked by logdb itself.
 */
export async function contentOf(space: Workspace) {
  const partitions = space.partitions()
  for (const path of partitions) {
    const db = await openDatabase(path)
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    db.close()
  }
  expect(await space.run(['verify', '--deep'])).toMatchObject({ exitCode: 0 })
  expect(await space.run(['audit', '--deep'])).toMatchObject({ exitCode: 0 })
  const ledger = await space.queryControl<{ path: string }>(LEDGER).catch(() => [])
  return {
    partitions: partitions.map((path) => relative(space.db, path)),
    rows: await space.query('SELECT * FROM request_details ORDER BY request_id'),
    counts: await space.query(COUNTS),
    ledger: ledger.map(({ path, ...counts }) => [relative(space.logs, path), counts]),
    errors: await space
      .queryControl('SELECT offset, length, sha256, reason FROM ingest_errors ORDER BY sha256')
      .catch(() => []),
  }
}
