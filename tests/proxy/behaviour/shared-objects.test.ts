import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { newAgent, newFolder, startProcess } from '../../helpers/gateway/gateway-process.ts'
import { reply, startRawUpstream } from '../../helpers/gateway/raw-upstream.ts'

const ALICE = 'alice-key-0123456789'
const BOB = 'bob-key-0123456789'
const FORM = '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n'
const KEYS = 'key-of-org-a,key-of-org-b'
/** New connections go to the workers in turn. */
const CONNECTIONS = 4

/** A file may be used through any process, but only by its owner and with the key that made it. */
test('two workers and the next release share the makers of objects', async () => {
  let count = 0
  const upstream = await startRawUpstream((socket, { path }) => {
    const id = path === '/files' ? `file-${++count}` : 'x'
    socket.write(reply(200, { id, object: 'x', choices: [] }))
  })
  const logs = newFolder()
  const configPath = join(newFolder(), 'config.yml')
  writeFileSync(configPath, 'model_mappings: { mine: "openai:mine" }\n')
  const start = (release: string, more: Record<string, string>) =>
    startProcess({
      API_KEYS: `alice:${ALICE},bob:${BOB}`,
      CONFIG_PATH: configPath,
      LOG_DIR: logs,
      OPENAI_API_KEY: KEYS,
      OPENAI_BASE_URL: upstream.url,
      RELEASE_ID: release,
      ...more,
    })
  const releases = await Promise.all([start('r1', { WORKERS: '2' }), start('r2', {})])
  const send = async (url: string, key: string, type: string, body: string) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': type }
    const answer = await request(url, { method: 'POST', headers, body, dispatcher: newAgent() })
    return { status: answer.statusCode, text: await answer.body.text() }
  }
  const made = await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, at) =>
      send(`${releases[at % 2]?.url}/v1/files`, ALICE, 'multipart/form-data; boundary=b', FORM),
    ),
  )
  const files: string[] = made.map(({ text }) => JSON.parse(text).id)
  upstream.requests.length = 0
  const statuses = { [ALICE]: new Set<number>(), [BOB]: new Set<number>() }
  for (const file of files) {
    for (const { url } of releases) {
      const content = [{ type: 'file', file: { file_id: file } }]
      const body = JSON.stringify({ model: 'mine', messages: [{ role: 'user', content }] })
      for (const [key, seen] of Object.entries(statuses)) {
        for (let times = 0; times < 2; times++) {
          seen.add((await send(`${url}/v1/chat/completions`, key, 'application/json', body)).status)
        }
      }
    }
  }
  expect(statuses).toEqual({ [ALICE]: new Set([200]), [BOB]: new Set([404]) })
  const used = new Set(upstream.requests.map(({ headers }) => headers['authorization']))
  expect(used).toEqual(new Set(['Bearer key-of-org-a']))
})
