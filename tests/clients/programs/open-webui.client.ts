import { beforeAll, expect, test } from 'vitest'
import { blockOf } from '../../helpers/clients/docs-page.ts'
import { type ClientGateway, startForClients } from '../../helpers/clients/gateway-for-clients.ts'
import { describeInstalled, largeFromPyPi } from '../../helpers/clients/packages.ts'
import { atEndOfFile } from '../../helpers/end-of-file.ts'
import { freePort, startServer } from '../../helpers/process/server-process.ts'
import { makeFolder, removeFolder } from '../../helpers/temp-folder.ts'

const openWebUi = largeFromPyPi('open-webui==0.12.4')

/** It loads large libraries first. */
const START_TIMEOUT_MS = 9 * 60_000
/** What it would otherwise load from the internet, and an account that needs no password. */
const SETTINGS = {
  WEBUI_AUTH: 'false',
  WEBUI_SECRET_KEY: 'a-secret-of-the-test',
  OFFLINE_MODE: 'true',
  RAG_EMBEDDING_ENGINE: 'openai',
  ENABLE_OLLAMA_API: 'false',
  ENABLE_VERSION_UPDATE_CHECK: 'false',
  AUDIO_STT_ENGINE: 'openai',
  AUDIO_STT_MODEL: 'whisper-1',
  ANONYMIZED_TELEMETRY: 'false',
}

describeInstalled(openWebUi)('Open WebUI', () => {
  let gateway: ClientGateway
  let ask: (path: string, body?: object | FormData) => Promise<Response>

  beforeAll(async () => {
    gateway = await startForClients()
    const { url, ask: anonymous } = await startOpenWebUi(gateway)
    const account = await anonymous('/api/v1/auths/signin', { email: '', password: '' })
    const { token } = (await account.json()) as { token: string }
    ask = (path, body) => request(`${url}${path}`, body, token)
  }, START_TIMEOUT_MS + 60_000)

  test('lists the models of the gateway', async () => {
    const { data } = (await (await ask('/api/models')).json()) as { data: { id: string }[] }
    expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining(['gpt-5', 'claude-sonnet']))
  })

  test('shows a chat as it comes, and asks for its title', async () => {
    const messages = [{ role: 'user', content: 'Say hello' }]
    const chat = { model: 'gpt-5', messages, stream: true }
    const { result, requests, records } = await gateway.exchangesOf(async () => [
      await (await ask('/api/chat/completions', chat)).text(),
      await (await ask('/api/v1/tasks/title/completions', { model: 'gpt-5', messages })).text(),
    ])
    const [stream = '', title = ''] = result
    const events = stream.split('\n').filter((line) => line.startsWith('data: {'))
    const pieces = events.map((line) => JSON.parse(line.slice(6)).choices[0]?.delta.content ?? '')
    expect(pieces.join('')).toBe(gateway.words)
    expect(JSON.parse(title).choices[0].message.content).toBe(gateway.words)
    expect(requests[1]?.body).toContain('title')
    const record = { endpoint: '/v1/chat/completions', model_original: 'gpt-5', outcome: 'ok', api_key_name: 'app' }
    expect(records).toMatchObject([
      { ...record, stream: true },
      { ...record, stream: false },
    ])
  })

  test('has dictation transcribed', async () => {
    const form = new FormData()
    form.set('file', new Blob(['RIFF'], { type: 'audio/wav' }), 'a.wav')
    const { result, records } = await gateway.exchangesOf(async () =>
      (await ask('/api/v1/audio/transcriptions', form)).json(),
    )
    expect(result).toMatchObject({ text: gateway.words })
    expect(records).toMatchObject([{ endpoint: '/v1/audio/transcriptions', outcome: 'ok' }])
  })
})

/** With the variables of the page; until the end of the test file. */
async function startOpenWebUi(gateway: ClientGateway) {
  const port = await freePort()
  const cwd = makeFolder()
  atEndOfFile(() => removeFolder(cwd))
  const program = openWebUi.program('open-webui')
  const script = blockOf(gateway.blocks, 'Open WebUI', 'sh').replace('open-webui serve', `exec ${program} serve`)
  const command = ['sh', '-c', `${script.trim()} --host 127.0.0.1 --port ${port}`]
  const env = {
    ...SETTINGS,
    HOME: cwd,
    DATA_DIR: cwd,
    AUDIO_STT_OPENAI_API_BASE_URL: `${gateway.url}/v1`,
    AUDIO_STT_OPENAI_API_KEY: gateway.key,
  }
  const server = await startServer(command, { cwd, env, port, timeoutMs: START_TIMEOUT_MS })
  atEndOfFile(server.kill)
  const url = `http://127.0.0.1:${port}`
  return { url, ask: (path: string, body?: object) => request(`${url}${path}`, body) }
}

function request(url: string, body?: object | FormData, token = ''): Promise<Response> {
  const isForm = body instanceof FormData
  const headers = { authorization: `Bearer ${token}`, ...(!isForm && { 'content-type': 'application/json' }) }
  if (body === undefined) return fetch(url, { headers })
  return fetch(url, { method: 'POST', headers, body: isForm ? body : JSON.stringify(body) })
}
