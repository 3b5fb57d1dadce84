import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'vitest'
import { chat, jsonl, record } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { startUi } from '../../../helpers/logdb/ui-server.ts'
import { workspace } from '../../../helpers/logdb/workspace.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'

const KEY = 'a-viewer'

async function startedUi() {
  const space = workspace(tempFolder())
  space.write('requests-x.jsonl', jsonl([record({ request: chat('a question') })]))
  await space.ingest()
  return startUi(space.db, { LOGUI_API_KEYS: KEY })
}

sqliteTest('a UI that ends answers what it was asked before', async () => {
  const ui = await startedUi()
  const headers = { 'content-type': 'application/json', expect: '100-continue' }
  const login = request(`${ui.origin}/ui/v1/session`, { method: 'POST', headers })
  login.flushHeaders()
  await once(login, 'continue')
  const ended = ui.stop()
  await turn()
  login.end(JSON.stringify({ key: KEY }))
  const [answer]: [IncomingMessage] = (await once(login, 'response')) as never
  answer.resume()
  expect(answer.statusCode).toBe(200)
  await ended
})

sqliteTest('pages that wait for new requests do not keep it', async () => {
  const ui = await startedUi()
  const live = await ui.get('/ui/v1/live', KEY)
  const [text] = await Promise.all([live.text(), ui.stop()])
  expect(text).toBe(': open\n\n')
})
