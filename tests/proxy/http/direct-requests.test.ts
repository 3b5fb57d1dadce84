import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { takeFirst } from '../../../proxy/http/direct-requests.ts'
import { chat, startGateway } from '../../helpers/gateway/gateway.ts'

test('a request that is not taken goes where it went before', async () => {
  const server = createServer((_request, response) => void response.end('before'))
  takeFirst(server, ({ url }, response) => {
    if (url !== '/taken') return false
    response.end('taken')
    return true
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  expect(await (await fetch(`${origin}/taken`)).text()).toBe('taken')
  expect(await (await fetch(`${origin}/other`)).text()).toBe('before')
})

test('every way to write a path is answered with the same headers', async () => {
  const gateway = await startGateway({ environment: { API_KEYS: 'a-secret-key', RELEASE_ID: 'r1' } })
  const paths = ['/v1/chat/completions', '/chat/completions', '/v1/chat/completions/', '/v1/chat/completions?a=b']
  const answers = await Promise.all(
    paths.map((path) =>
      fetch(gateway.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer a-secret-key' },
        body: JSON.stringify(chat('echo')),
      }),
    ),
  )
  const names = answers.map(({ headers }) => [...headers.keys()])
  expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200))
  expect(names).toEqual(paths.map(() => names[0]))
  expect(names[0]).toEqual(expect.arrayContaining(['x-request-id', 'x-ai-proxy-release']))
  expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(paths.length)
})
