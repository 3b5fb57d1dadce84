import { once } from 'node:events'
import { lstatSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { startLogdb } from '../../../helpers/logdb/cli-child.ts'
import { chat, jsonl, record } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

const [VIEWER, ADMIN] = ['viewer-key', 'admin-key']
const [SEALED, OPEN] = ['2025-09-10', '2025-10-10']
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII='
const IMAGE = { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } }
const said = (day: string, index: number) =>
  record({
    timestamp: `${day}T12:00:0${index}Z`,
    x_request_id: `${day}-${index}`,
    dialog_id: `dialog-${day}`,
    request: { model: 'gpt-4o', messages: [...chat(`needle ${index}`).messages, { role: 'user', content: [IMAGE] }] },
  })

/** A day that is sealed, and in another folder one that is not. */
async function filled(): Promise<Workspace> {
  const space = workspace()
  for (const day of [SEALED, OPEN]) {
    space.write(`requests-${day}.jsonl`, jsonl([said(day, 0), said(day, 1)]))
    await space.ingest()
    if (day === SEALED) await space.run(['seal'])
  }
  return space
}

/**
 * What each file and folder is. The time of a change of its data, its name or its rights is set by the system alone, so equal
 * times prove that nothing was written, not even for a moment.
 */
function states(folder: string): Map<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
  return new Map(
    paths.map((path) => {
      const { ino, size, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true })
      return [relative(folder, path), `${ino} ${size} ${mtimeNs} ${ctimeNs}`]
    }),
  )
}

/** Names of what is new or was changed or removed. */
function changes(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return names.filter((name) => before.get(name) !== after.get(name))
}

/** Every page and every route of the API, also those that a viewer may not use. */
async function useEverything(origin: string, ids: readonly string[]): Promise<void> {
  const post = (path: string, body: object, key: string) =>
    fetch(`${origin}/ui/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    })
  const session = await post('/session', { key: ADMIN }, ADMIN)
  const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? ''
  const answers: [path: string, status: number][] = []
  const get = async (path: string, headers: Record<string, string> = { cookie }) => {
    const answer = await fetch(`${origin}${path}`, { headers })
    await answer.arrayBuffer()
    answers.push([path, answer.status])
  }
  const pages = ['requests', 'requests?status=2xx&key=none', 'overview', 'search?q=needle', 'compare', 'admin']
  for (const name of pages) await get(`/ui/${name}`)
  for (const id of ids) {
    const tabs = ['conversation', 'request', 'response', 'timing', 'raw'].map((tab) => `requests/${id}?tab=${tab}`)
    for (const name of [...tabs, `requests/${id}/images/0`, `compare?a=${id}&b=${ids[0]}`]) await get(`/ui/${name}`)
  }
  for (const day of [SEALED, OPEN]) await get(`/ui/dialogs/dialog-${day}`)
  const filters = `since=${SEALED}&to=${OPEN}`
  const routes = ['health', 'config', 'whoami', 'requests', 'search?q=needle', 'store', 'jobs', `facets?${filters}`]
  const long = [`stats?${filters}&by=day,hour,model,key`, `export?${filters}&format=csv`, `requests/${ids[0]}/raw`]
  for (const name of [...routes, ...long]) await get(`/ui/v1/${name}`, { authorization: `Bearer ${ADMIN}` })
  expect(answers.filter(([path, status]) => status !== 200 && !path.startsWith('/ui/compare'))).toEqual([])
  await hearLive(origin)
  expect((await post('/jobs', { job: 'index' }, ADMIN)).status).toBe(409)
  expect((await post('/forget', { key: 'none' }, ADMIN)).status).toBe(409)
  expect((await post('/jobs', { job: 'index' }, VIEWER)).status).toBe(403)
}

/** Until the feed has looked at the partitions. */
async function hearLive(origin: string): Promise<void> {
  const stopping = new AbortController()
  const headers = { authorization: `Bearer ${VIEWER}` }
  const answer = await fetch(`${origin}/ui/v1/live`, { headers, signal: stopping.signal })
  await answer.body?.getReader().read()
  stopping.abort()
}

sqliteTest('the process of the UI writes only what SQLite needs for readers, and its own log of access', async () => {
  const space = await filled()
  const ids = (await space.query<{ id: string }>('SELECT request_id AS id FROM requests')).map(({ id }) => id)
  const before = states(space.logs)
  const env = { LOGUI_API_KEYS: VIEWER, LOGUI_ADMIN_API_KEYS: ADMIN }
  const child = startLogdb(['ui', '--no-open', '--port', '0', '--out', space.db], { cwd: space.folder, env })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = await once(child.stdout ?? process.stdin, 'data')
  await useEverything(new URL(String(line).trim()).origin, ids)
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
  const changed = changes(before, states(space.logs))
  const own = changed.filter((name) => name === 'ui' || name.startsWith('ui/'))
  expect(own).toEqual(['ui', expect.stringMatching(/^ui\/access-\d{4}-\d\d-\d\d\.jsonl$/)])
  const index = /^db\/(control|2025\/10\/ai_proxy_20251010)\.sqlite3-(shm|wal)$/
  const folders = ['db', 'db/2025/10']
  expect(changed.filter((name) => !own.includes(name) && !index.test(name) && !folders.includes(name))).toEqual([])
  for (const name of changed.filter((one) => one.endsWith('-wal'))) {
    expect([name, lstatSync(join(space.logs, name), { throwIfNoEntry: false })?.size ?? 0]).toEqual([name, 0])
  }
})
