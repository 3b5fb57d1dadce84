import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect } from 'vitest'
import { follow } from '../../../../../logdb/follow/follow.ts'
import { readSettings } from '../../../../../logdb/settings.ts'
import type { JobItem } from '../../../../../logdb/ui/app/admin/admin-data.ts'
import { chat, jsonl, record, timestampAt } from '../../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../../helpers/logdb/sqlite-test.ts'
import { startUi, type UiServer } from '../../../../helpers/logdb/ui-server.ts'
import { SERVER_ID, type Workspace, workspace } from '../../../../helpers/logdb/workspace.ts'
import { sharedTempFolder } from '../../../../helpers/temp-folder.ts'

const [VIEWER, ADMIN] = ['viewer-key', 'admin-key']
const RECORDS = Array.from({ length: 6 }, (_, index) =>
  record({
    x_request_id: `r${index}`,
    timestamp: timestampAt(index),
    api_key_hash: index < 2 ? 'leaving' : 'staying',
    request: chat(`question ${index}`),
  }),
)
const FOLDER = sharedTempFolder()
let space: Workspace
let ui: UiServer

beforeAll(async () => {
  space = workspace(FOLDER)
  space.write('requests-x.jsonl', jsonl(RECORDS))
  await space.ingest()
  ui = await startUi(space.db, { LOGUI_API_KEYS: VIEWER, LOGUI_ADMIN_API_KEYS: ADMIN })
})

afterAll(async () => {
  await ui.stop()
  expect(ui.errors).toEqual([])
})

async function ask(path: string, body?: object, key = ADMIN) {
  const answer = await fetch(`${ui.origin}/ui/v1${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: await answer.json() }
}

/** The job when it has ended. */
async function endOf({ id }: JobItem): Promise<JobItem> {
  for (;;) {
    const { items }: { items: JobItem[] } = (await ask('/jobs')).body
    const job = items.find((one) => one.id === id)
    if (job?.ended_at) return job
    await setTimeout(20)
  }
}

/** `ingest --follow` takes jobs while `work` runs. */
async function whileFollowing(work: () => Promise<void>): Promise<void> {
  const ending = new AbortController()
  const ended = follow({
    from: space.logs,
    out: space.db,
    bundles: join(space.folder, 'bundles'),
    settings: readSettings({ LOGDB_SERVER_ID: SERVER_ID }),
    signal: ending.signal,
    onProblem: () => {},
  })
  try {
    while ((await ask('/store')).body.follow === null) await setTimeout(20)
    await work()
  } finally {
    ending.abort()
    await ended
  }
}

sqliteTest('jobs, forget and the store are for admins only', async () => {
  for (const [path, body] of [
    ['/store'],
    ['/jobs'],
    ['/jobs', { job: 'ingest' }],
    ['/forget', { key: 'a' }],
  ] as const) {
    expect([path, (await ask(path, body, VIEWER)).status]).toEqual([path, 403])
  }
  const page = await ui.get('/ui/admin', undefined, { cookie: await ui.logIn(VIEWER) })
  expect(page.status).toBe(403)
  expect(await page.text()).not.toContain('href="/ui/admin"')
})

sqliteTest('where no process takes jobs, the answer and the page say what to start', async () => {
  const { status, body } = await ask('/jobs', { job: 'index' })
  expect([status, body.hint]).toEqual([409, 'start one and leave it running: logdb ingest --follow'])
  const html = await (await ui.get('/ui/admin', undefined, { cookie: await ui.logIn(ADMIN) })).text()
  expect(html).toContain('<code>logdb ingest --follow</code>')
  expect(html).toContain('href="/ui/admin"')
})

sqliteTest('what is not a job, or not clear, is refused', async () => {
  const wrong = [
    ['/jobs', { job: 'step' }],
    ['/jobs', { job: 'bundle', since: 'yesterday' }],
    ['/forget', {}],
    ['/forget', { key: 'a', dialog: 'b' }],
  ] as const
  for (const [path, body] of wrong) expect([body, (await ask(path, body)).status]).toEqual([body, 400])
})

sqliteTest('jobs are done by ingest --follow, with their results', async () => {
  await whileFollowing(async () => {
    for (const job of ['ingest', 'index', 'dialogs', 'bundle']) {
      const { status, body } = await ask('/jobs', { job, ...(job !== 'ingest' && { since: '2025-09-10' }) })
      expect([job, status]).toEqual([job, 202])
      expect(await endOf(body)).toMatchObject({ job, state: 'done', error: null })
    }
    expect((await ask('/store')).body).toMatchObject({
      unread_bytes: 0,
      last_bundle: { name: '2025-09-10-to-last.tgz' },
      follow: { running: null, waiting: 0 },
    })
  })
})

sqliteTest('requests are forgotten only after a dry run of the same, and it is written down', async () => {
  await whileFollowing(async () => {
    const refused = await ask('/forget', { key: 'leaving', dry_run: false })
    expect([refused.status, refused.body.message]).toEqual([409, expect.stringContaining('dry run')])
    const counted = await endOf((await ask('/forget', { key: 'leaving' })).body)
    expect(counted.result).toMatchObject({ partitions: [{ forgotten: 2 }] })
    expect(await space.query('SELECT 1 FROM requests')).toHaveLength(6)
    expect((await ask('/forget', { key: 'staying', dry_run: false })).status).toBe(409)
    const removed = await endOf((await ask('/forget', { key: 'leaving', dry_run: false })).body)
    expect(removed).toMatchObject({ state: 'done', result: { partitions: [{ forgotten: 2 }] } })
    expect(await space.query('SELECT 1 FROM requests')).toHaveLength(4)
  })
  const folder = join(space.logs, 'ui')
  const log = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  expect(log.join('')).toMatch(/"deed":"job","who":"admin [0-9a-f]{8}".*"what":"{.*leaving.*dry_run.*false/)
})

sqliteTest('a job that fails says why', async () => {
  await whileFollowing(async () => {
    const { body } = await ask('/forget', { request_id: 'none' })
    const { state, error } = await endOf(body)
    expect([state, error?.message]).toEqual(['failed', expect.stringContaining('none')])
  })
})
