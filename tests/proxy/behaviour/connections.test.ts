import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { chat, errorOf } from '../../helpers/gateway/gateway.ts'
import { newFolder } from '../../helpers/gateway/gateway-process.ts'
import { completion, reply, startBeforeRaw } from '../../helpers/gateway/raw-upstream.ts'
import { makeAuthority } from '../../helpers/server/tls-server.ts'

const ANSWER = reply(200, completion('Hi'))

test.for(['FIN', 'RST'])(
  'a request on a connection that the provider closes just then (%s) is sent once more, on a new one',
  async (how) => {
    const { gateway, upstream } = await startBeforeRaw((socket, { onConnection }) => {
      if (onConnection === 1) socket.write(ANSWER)
      else if (how === 'FIN') socket.end()
      else socket.resetAndDestroy()
    })
    for (let at = 0; at < 4; at++) expect((await gateway.post(chat('mine'))).status).toBe(200)
    expect(upstream.requests.map(({ onConnection }) => onConnection)).toContain(2)
    expect(gateway.gateway.metrics.retries).toEqual({ key: 0, fallback: 0, connection: upstream.requests.length - 4 })
    expect(upstream.requests.length).toBeGreaterThan(4)
    expect((await gateway.records(4)).map(({ outcome }) => outcome)).toEqual(Array(4).fill('ok'))
  },
)

test('all idle connections may be closed: the new one is really new', async () => {
  const { gateway, upstream } = await startBeforeRaw(async (socket, { onConnection }) => {
    if (onConnection > 1) return void socket.resetAndDestroy()
    await sleep(50)
    socket.write(ANSWER)
  })
  const together = () => Promise.all([1, 2, 3].map(() => gateway.post(chat('mine'))))
  const statuses = [...(await together()), ...(await together())].map(({ status }) => status)
  expect(statuses).toEqual(Array(6).fill(200))
  expect(upstream.connections).toBe(6)
})

test('on a new connection nothing is sent again', async () => {
  const { gateway, upstream } = await startBeforeRaw((socket) => void socket.end())
  const response = await gateway.post(chat('mine'))
  expect([response.status, errorOf(response).code]).toEqual([502, 'upstream_disconnected'])
  expect(upstream.requests).toHaveLength(1)
})

test('the second try is the last one', async () => {
  const { gateway, upstream } = await startBeforeRaw((socket) => {
    if (upstream.requests.length === 1) socket.write(ANSWER)
    else socket.resetAndDestroy()
  })
  await gateway.post(chat('mine'))
  expect((await gateway.post(chat('mine'))).status).toBe(502)
  expect(upstream.requests).toHaveLength(3)
})

test.for(['HTTP/1.1 2', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"id"'])(
  'after a byte of an answer (%j) nothing is sent again',
  async (bytes) => {
    const { gateway, upstream } = await startBeforeRaw((socket, { onConnection }) => {
      if (onConnection === 1) socket.write(ANSWER)
      else socket.end(bytes)
    })
    await gateway.post(chat('mine'))
    expect((await gateway.post(chat('mine'))).status).toBe(502)
    expect(upstream.requests).toHaveLength(2)
  },
)

test('after a timeout nothing is sent again', async () => {
  const config = { limits: { first_byte_timeout_s: 0.2 } }
  const { gateway, upstream } = await startBeforeRaw(
    (socket, { onConnection }) => void (onConnection === 1 && socket.write(ANSWER)),
    { config },
  )
  await gateway.post(chat('mine'))
  expect((await gateway.post(chat('mine'))).status).toBe(504)
  expect(upstream.requests).toHaveLength(2)
})

test.for(['FIN', 'RST', 'fresh'] as const)(
  'over TLS, too, only a lost idle connection is replaced (%s)',
  async (how) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { gateway, upstream } = await startBeforeRaw(
      (socket, { onConnection }) => {
        if (how !== 'fresh' && onConnection === 1) socket.write(ANSWER)
        else if (how === 'FIN') socket.end()
        else socket.destroy()
      },
      {},
      makeAuthority(newFolder()).issue(['localhost']),
    )
    const statuses = [await gateway.post(chat('mine')), await gateway.post(chat('mine'))].map(({ status }) => status)
    expect(statuses).toEqual(how === 'fresh' ? [502, 502] : [200, 200])
    expect(upstream.requests.map(({ onConnection }) => onConnection)).toEqual(how === 'fresh' ? [1, 1] : [1, 2, 1])
    expect(gateway.gateway.metrics.retries.connection).toBe(how === 'fresh' ? 0 : 1)
  },
)
