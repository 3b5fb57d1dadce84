import { EventSourceParserStream } from 'eventsource-parser/stream'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { hashApiKey } from '../../../../../kit/api-keys.ts'
import { chat, jsonl, record } from '../../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../../helpers/logdb/sqlite-test.ts'
import { startUi, type UiServer } from '../../../../helpers/logdb/ui-server.ts'
import { type Workspace, workspace } from '../../../../helpers/logdb/workspace.ts'
import { sharedTempFolder } from '../../../../helpers/temp-folder.ts'

const [VIEWER, OWN] = ['viewer-key', 'a-key-of-the-gateway']
const FOLDER = sharedTempFolder()
let space: Workspace
let ui: UiServer

beforeAll(async () => {
  space = workspace(FOLDER)
  await store('before', [record({ request: chat('before') })])
  ui = await startUi(space.db, { LOGUI_API_KEYS: VIEWER, API_KEYS: OWN })
})

afterAll(async () => {
  await ui.stop()
  expect(ui.errors).toEqual([])
})

async function store(name: string, records: ReturnType<typeof record>[]): Promise<void> {
  space.write(`requests-${name}.jsonl`, jsonl(records))
  await space.ingest()
}

/** A stream that is open: what is stored from now on comes. */
async function listen(query: string, key = VIEWER) {
  const controller = new AbortController()
  onTestFinished(() => controller.abort())
  const headers = { authorization: `Bearer ${key}` }
  const answer = await fetch(`${ui.origin}/ui/v1/live${query}`, { headers, signal: controller.signal })
  const events = answer.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  const reader = events?.getReader()
  const questions = async (): Promise<string[]> => {
    const { value } = (await reader?.read()) ?? {}
    expect(value?.event).toBe('requests')
    return JSON.parse(value?.data ?? '{}').items.map(({ question }: { question: string }) => question)
  }
  return { answer, questions, isOver: async () => (await reader?.read())?.done }
}

sqliteTest('a request comes when it is stored, to those whose filter it passes and who may see it', async () => {
  const all = await listen('')
  const failed = await listen('?status=5xx')
  const own = await listen('', OWN)
  expect(all.answer.headers.get('content-type')).toMatch(/^text\/event-stream/)
  await store('new', [
    record({ x_request_id: 'a', request: chat('new') }),
    record({ x_request_id: 'b', timestamp: '2025-09-11T00:00:00Z', request: chat('failed'), status_code: 502 }),
    record({ x_request_id: 'c', request: chat('own'), api_key_hash: hashApiKey(OWN) }),
  ])
  expect(await all.questions()).toEqual(['new', 'own', 'failed'])
  expect(await failed.questions()).toEqual(['failed'])
  expect(await own.questions()).toEqual(['own'])
})

sqliteTest('of very many only the last ones come', async () => {
  const { questions } = await listen('')
  const many = Array.from({ length: 150 }, (_, index) =>
    record({ x_request_id: `many${index}`, request: chat(`many ${index}`) }),
  )
  await store('many', many)
  const found = await questions()
  expect([found.length, found[0], found.at(-1)]).toEqual([100, 'many 50', 'many 149'])
})

sqliteTest('a stream needs a key, and a filter that can be meant', async () => {
  expect((await ui.get('/ui/v1/live')).status).toBe(401)
  expect((await ui.get('/ui/v1/live?since=someday', VIEWER)).status).toBe(400)
})

sqliteTest('streams end with the server, and there are not more than it can serve', async () => {
  const other = await startUi(space.db, { LOGUI_API_KEYS: VIEWER })
  const streams = await Promise.all(Array.from({ length: 100 }, () => other.get('/ui/v1/live', VIEWER)))
  const refused = await other.get('/ui/v1/live', VIEWER)
  expect([refused.status, (await refused.json()).message]).toEqual([503, 'too many pages show new requests'])
  await streams[0]?.body?.cancel()
  let isFree = false
  while (!isFree) {
    const again = await other.get('/ui/v1/live', VIEWER)
    isFree = again.status === 200
  }
  await other.stop()
  await expect(streams[1]?.text()).resolves.toMatch(/^: open/)
})
