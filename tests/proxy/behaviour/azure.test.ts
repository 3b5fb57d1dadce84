import { expect, test } from 'vitest'
import { errorOf } from '../../helpers/gateway/gateway.ts'
import { completion, reply, startBeforeRaw } from '../../helpers/gateway/raw-upstream.ts'

const KEY = { 'api-key': 'a-key-of-some-length' }
const VERSION = '?api-version=2024-10-21'

function startAzure() {
  return startBeforeRaw((socket) => void socket.write(reply(200, completion('Hi'))), {
    environment: { API_KEYS: 'azure:a-key-of-some-length' },
    mappings: { 'gpt-4o': 'openai:mapped', 'team/gpt': 'openai:mapped' },
  })
}

const messages = [{ role: 'user', content: 'Hi' }]

test.for([
  ['without a model', '{"messages":[1]}', '{"model":"mapped","messages":[1]}'],
  ['with the same model', '{ "model" : "gpt-4o","messages":[1]}', '{ "model" : "mapped","messages":[1]}'],
  ['with another model', '{"messages":[1],"model":"x"}', '{"messages":[1],"model":"mapped"}'],
])('a deployment names the model of a request %s', async ([, body, sent]) => {
  const { gateway, upstream } = await startAzure()
  const path = `/openai/deployments/gpt-4o/chat/completions${VERSION}`
  expect((await gateway.post(body, KEY, path)).status).toBe(200)
  expect(upstream.requests[0]).toMatchObject({ path: '/chat/completions', body: sent })
  expect(upstream.requests[0]?.headers['api-key']).toBeUndefined()
  expect(await gateway.records(1)).toMatchObject([
    {
      endpoint: '/v1/chat/completions',
      model_original: 'gpt-4o',
      model_mapped: 'mapped',
      request: JSON.parse(String(body)),
    },
  ])
})

test('a deployment may have a name with a slash, and an unknown one is not found', async () => {
  const { gateway, upstream } = await startAzure()
  const ask = (name: string) =>
    gateway.post({ messages }, KEY, `/openai/deployments/${name}/chat/completions${VERSION}`)
  expect((await ask('team%2Fgpt')).status).toBe(200)
  const unknown = await ask('nothing')
  expect([unknown.status, errorOf(unknown).code]).toEqual([404, 'model_not_found'])
  expect(upstream.requests).toHaveLength(1)
})

const FILE = '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n'
const FIELD = (model: string) => `--b\r\ncontent-disposition: form-data; name="model"\r\n\r\n${model}\r\n`

test.for([
  ['without a model', `${FILE}--b--\r\n`, `${FIELD('mapped')}${FILE}--b--\r\n`],
  ['with a model', `${FILE}${FIELD('gpt-4o')}--b--\r\n`, `${FILE}${FIELD('mapped')}--b--\r\n`],
])('a deployment names the model of a form %s', async ([, body, sent]) => {
  const { gateway, upstream } = await startAzure()
  const path = `/openai/deployments/gpt-4o/audio/transcriptions${VERSION}`
  const headers = { ...KEY, 'content-type': 'multipart/form-data; boundary=b' }
  expect((await gateway.post(body, headers, path)).status).toBe(200)
  expect(upstream.requests[0]).toMatchObject({ path: '/audio/transcriptions', body: sent })
})

test('the other paths of Azure are those of OpenAI', async () => {
  const { gateway, upstream } = await startAzure()
  expect((await gateway.get(`/openai/files/file-1${VERSION}&a=b`, KEY)).status).toBe(200)
  expect((await gateway.post({ model: 'gpt-4o', input: 'x' }, KEY, '/openai/v1/embeddings')).status).toBe(200)
  expect(upstream.requests.map(({ path }) => path)).toEqual(['/files/file-1?a=b', '/embeddings'])
  expect((await gateway.get('/openai/models', KEY)).status).toBe(200)
})

test('a wrong api-key is refused', async () => {
  const { gateway } = await startAzure()
  const path = '/openai/deployments/gpt-4o/chat/completions'
  const answer = await gateway.post({ messages }, { 'api-key': 'another-key-altogether' }, path)
  expect([answer.status, errorOf(answer).code]).toEqual([401, 'invalid_api_key'])
})
