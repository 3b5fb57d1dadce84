import { once } from 'node:events'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { askFollow, isFollowed } from '../../../logdb/control-socket/ask-follow.ts'
import { controlSocketPath, type FollowEvent } from '../../../logdb/control-socket/control-protocol.ts'
import { follow } from '../../../logdb/follow/follow.ts'
import { readSettings } from '../../../logdb/settings.ts'
import { endOf, startLogdb } from '../../helpers/logdb/cli-child.ts'
import { chat, jsonl, record } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { SERVER_ID, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const DAY = '2025-09-10'

function withRequests(count: number): Workspace {
  const space = workspace()
  addRequests(space, 'a', count)
  return space
}

function addRequests({ write }: Workspace, name: string, count: number): void {
  const records = Array.from({ length: count }, (_, index) => {
    const second = String(index % 60).padStart(2, '0')
    const request = chat(`question ${name} ${index}`)
    return record({ timestamp: `${DAY}T12:00:${second}.000001Z`, x_request_id: `${name}-${index}`, request })
  })
  write(`requests-${DAY}.${name}.jsonl`, jsonl(records))
}

/** A follow in this process, until the test ends. */
async function startFollow({ logs, db, folder }: Workspace, env: Record<string, string> = {}) {
  const ending = new AbortController()
  const problems: string[] = []
  const ended = follow({
    from: logs,
    out: db,
    bundles: join(folder, 'bundles'),
    settings: readSettings({ LOGDB_SERVER_ID: SERVER_ID, ...env }),
    signal: ending.signal,
    onProblem: ({ message }) => problems.push(message),
  })
  const end = async () => {
    ending.abort()
    return ended
  }
  onTestFinished(async () => void (await end()))
  await Promise.race([untilUpToDate(db), ended])
  return { end, problems }
}

/** Waits until all that is in the logs has been read. */
async function untilUpToDate(db: string): Promise<void> {
  for (;;) {
    const status = await askFollow(db, { job: 'status' })
    if ((status?.result as { up_to_date_at: unknown } | undefined)?.up_to_date_at) return
    await setTimeout(20)
  }
}

/** Sends bytes to the socket and reads all that is answered. */
async function raw(db: string, bytes: string): Promise<unknown[]> {
  const socket = connect(controlSocketPath(db))
  socket.end(bytes)
  const lines = (await text(socket)).trimEnd().split('\n')
  return lines.filter(Boolean).map((line) => JSON.parse(line) as unknown)
}

sqliteTest('every job does what its verb does', async () => {
  const space = withRequests(3)
  await startFollow(space, { LOGDB_FTS_ENABLED: 'true' })
  const { db, folder } = space
  addRequests(space, 'b', 2)
  const events: FollowEvent[] = []
  const onEvent = (event: FollowEvent) => events.push(event)
  expect(await askFollow(db, { job: 'ingest' }, { onEvent })).toMatchObject({ result: { rows_inserted: 2 } })
  expect(events.map(({ event }) => event)).toEqual(['started', 'progress'])
  const [path = ''] = space.partitions()
  await space.run(['fts', 'drop'])
  expect(await askFollow(db, { job: 'index', since: DAY })).toEqual({ result: [{ path, indexed: 6, skipped: 0 }] })
  expect(await askFollow(db, { job: 'dialogs' })).toEqual({ result: [{ path, updated: 5 }] })
  const bundle = join(folder, 'bundles', `${DAY}-to-last.tgz`)
  expect(await askFollow(db, { job: 'bundle', since: DAY }, { onEvent })).toMatchObject({
    result: { path: bundle, requests: 5 },
  })
  expect(events.at(-1)).toEqual({ event: 'progress', done: 1, total: 1, unit: 'partitions' })
  expect(await space.run(['bundle', 'verify', bundle])).toMatchObject({ exitCode: 0, stdout: 'ok\n' })
  const forget = (fields: object) => askFollow(db, { job: 'forget', request_id: 'a-1', ...fields } as never)
  const forgotten = { result: { partitions: [{ path, forgotten: 1 }] } }
  expect(await forget({})).toMatchObject(forgotten)
  expect(await space.query('SELECT COUNT(*) AS count FROM requests')).toEqual([{ count: 5 }])
  expect(await forget({ dry_run: false })).toMatchObject(forgotten)
  expect(await space.query('SELECT COUNT(*) AS count FROM requests')).toEqual([{ count: 4 }])
  await expect(forget({ dry_run: false })).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND', exitCode: 1 })
})

sqliteTest('a step of auto runs with the settings of that run, and its failure is a result', async () => {
  const space = withRequests(2)
  await startFollow(space)
  const { db, folder } = space
  const step = async (name: string, settings = {}) => {
    const asked = await askFollow(db, { job: 'step', step: name, bundles: join(folder, 'b'), settings })
    return asked?.result
  }
  expect(await step('ingest')).toMatchObject({ result: { rows_inserted: 0 }, problems: [] })
  expect(await step('seal')).toMatchObject({ lines: [expect.stringContaining('auto: seal')] })
  await step('weekly_merge', { mustCleanUpAfterMerge: true })
  expect(space.partitions()).toEqual([expect.stringContaining('W37')])
  await expect(step('fts', { isTextIndexEnabled: false })).rejects.toMatchObject({ code: 'USAGE' })
  writeFileSync(space.partitions()[0] ?? '', 'damaged')
  expect(await step('monthly_merge')).toMatchObject({ failure: { code: 'PARTITIONS_DAMAGED', exit_code: 3 } })
})

sqliteTest('several clients may ask, and a job is done although its client goes away', async () => {
  const space = withRequests(2)
  await startFollow(space)
  addRequests(space, 'b', 2)
  const gone = connect(controlSocketPath(space.db))
  gone.write('{"job":"ingest"}\n')
  await once(gone, 'data')
  gone.destroy()
  const answers = await Promise.all([1, 2, 3].map(() => askFollow(space.db, { job: 'dialogs' })))
  expect(answers.map((answer) => answer?.result)).toEqual(Array(3).fill([{ path: space.partitions()[0], updated: 4 }]))
})

sqliteTest('only its user may use the socket, and what is no request is refused', async () => {
  const space = withRequests(1)
  const { end } = await startFollow(space, { LOGDB_GROUPING_ENABLED: 'false' })
  const { db } = space
  expect(statSync(controlSocketPath(db)).mode & 0o777).toBe(0o600)
  const refused = [
    'no JSON\n',
    '[]\n',
    '{"job":"drop"}\n',
    '{"job":"index","since":"now"}\n',
    '{"job":"forget"}',
    '{"job":"step"}',
  ]
  for (const request of refused) {
    expect(await raw(db, request)).toEqual([{ event: 'failed', error: expect.objectContaining({ code: 'USAGE' }) }])
  }
  expect(await raw(db, '')).toEqual([])
  await expect(raw(db, 'x'.repeat(1_000_000))).rejects.toThrow(/EPIPE|ECONNRESET/)
  await expect(askFollow(db, { job: 'dialogs' })).rejects.toMatchObject({ code: 'DISABLED', exitCode: 2 })
  await end()
  expect(readdirSync(db).filter((name) => name.includes('sock'))).toEqual([])
  expect(await askFollow(db, { job: 'status' })).toBeUndefined()
})

sqliteTest('a second follow reads too, but takes no jobs', async () => {
  const space = withRequests(1)
  const first = await startFollow(space)
  const second = await startFollow(space)
  expect([first.problems, second.problems]).toEqual([[], [expect.stringContaining('another logdb ingest --follow')]])
  await second.end()
  expect(await isFollowed(space.db)).toBe(true)
})

sqliteTest('a file that a killed process left is replaced, and a long path is named', async () => {
  const space = withRequests(1)
  const path = controlSocketPath(space.db)
  const { end } = await startFollow(space)
  await end()
  writeFileSync(path, 'left')
  expect((await startFollow(space)).problems).toEqual([])
  expect(await isFollowed(space.db)).toBe(true)
  const deep = { ...space, db: join(space.folder, 'x'.repeat(100)) }
  const ending = new AbortController()
  const problems: string[] = []
  const onProblem = ({ message }: Error) => {
    problems.push(message)
    ending.abort()
  }
  const settings = readSettings({})
  await follow({ from: deep.logs, out: deep.db, bundles: '', settings, signal: ending.signal, onProblem })
  expect(problems).toEqual([expect.stringContaining('too long for a socket')])
})

sqliteTest('a process that ends during a job says so, or its client does', async () => {
  const space = withRequests(1)
  await space.ingest()
  const server = createServer((socket) => void socket.once('data', () => socket.destroy()))
  server.listen(controlSocketPath(space.db))
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  await expect(askFollow(space.db, { job: 'index' })).rejects.toMatchObject({ code: 'FOLLOW_ENDED', exitCode: 4 })
})

sqliteTest(
  'the compiled program answers while a job runs in a thread, and ends it when it is told to end',
  async () => {
    const space = withRequests(500)
    const { db, folder } = space
    const child = startLogdb(['--no-dotenv', 'ingest', '--follow'], { cwd: folder })
    const ended = endOf(child)
    await untilUpToDate(db)
    const events: FollowEvent[] = []
    const jobs = [
      askFollow(db, { job: 'bundle' }, { onEvent: ({ event }) => event === 'started' && started() }),
      askFollow(db, { job: 'bundle' }, { onEvent: (event) => events.push(event) }),
    ].map((job) => job.catch((error: unknown) => error))
    let started = () => {}
    await new Promise<void>((resolve) => (started = resolve))
    expect(await askFollow(db, { job: 'status' })).toMatchObject({ result: { running: { job: 'bundle' }, waiting: 1 } })
    child.kill('SIGTERM')
    expect(events).toEqual([{ event: 'waiting', ahead: 1 }])
    const failed = expect.objectContaining({ code: 'FOLLOW_ENDED' })
    expect(await Promise.all(jobs)).toEqual([failed, failed])
    expect(await ended).toMatchObject({ code: 143, stderr: '' })
    expect(await space.run(['bundle', 'create', '--out', 'all.tgz'])).toMatchObject({ exitCode: 0 })
  },
)
