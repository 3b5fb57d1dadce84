import { once } from 'node:events'
import { createServer as createHttpServer, get, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { gatherEnd, gatherWrites } from '../../../proxy/exchange/gathered-writes.ts'

/** Two connections to a server, and the server's ends of them. */
async function twoConnections() {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const pairs: { client: Socket; ours: Socket }[] = []
  for (let at = 0; at < 2; at++) {
    const client = connect(port, '127.0.0.1')
    const [ours] = (await once(server, 'connection')) as [Socket]
    pairs.push({ client, ours })
  }
  onTestFinished(() => {
    for (const { client, ours } of pairs) for (const socket of [client, ours]) socket.destroy()
    server.close()
  })
  return pairs
}

test('what is written in one turn leaves at its end, on every connection', async () => {
  const pairs = await twoConnections()
  for (const { ours } of pairs) {
    for (const piece of ['a', 'b']) {
      gatherWrites(ours, 1)
      ours.write(piece)
    }
  }
  await Promise.resolve()
  expect(pairs.map(({ ours }) => ours.writableLength)).toEqual([2, 2])
  const received = await Promise.all(pairs.map(({ client }) => once(client, 'data')))
  expect(received.map(([bytes]) => String(bytes))).toEqual(['ab', 'ab'])
})

test('a large write does not wait', async () => {
  const [pair] = await twoConnections()
  if (!pair) throw new Error('no connection')
  gatherWrites(pair.ours, 64 * 1024)
  pair.ours.write(Buffer.alloc(64 * 1024))
  expect(pair.ours.writableCorked).toBe(0)
  gatherWrites(null, 1)
})

test('a connection that is lost or ended in its turn keeps no other from its bytes', async () => {
  const [lost, other] = await twoConnections()
  if (!lost || !other) throw new Error('no connections')
  for (const { ours } of [lost, other]) {
    gatherWrites(ours, 1)
    ours.write('a')
  }
  lost.ours.destroy()
  other.ours.end('b')
  const [bytes] = await once(other.client, 'data')
  expect(String(bytes)).toBe('ab')
})

/** Responses to two clients, which wait for them. */
async function twoResponses() {
  const responses: ServerResponse[] = []
  const server = createHttpServer((_, response) => void responses.push(response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const requests = [0, 1].map(() => get({ port, host: '127.0.0.1', agent: false }))
  while (responses.length < 2) await once(server, 'request')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { requests, responses: responses as [ServerResponse, ServerResponse] }
}

test('responses that end in one turn end together after it, with what was written before', async () => {
  const { requests, responses } = await twoResponses()
  const received = requests.map(async (request) => {
    const [answer] = await once(request, 'response')
    return Buffer.concat(await answer.toArray()).toString()
  })
  for (const response of responses) {
    gatherWrites(response.socket, 1)
    response.write('a')
    gatherEnd(response, Buffer.from('b'))
  }
  await Promise.resolve()
  expect(responses.map(({ writableEnded }) => writableEnded)).toEqual([false, false])
  expect(await Promise.all(received)).toEqual(['ab', 'ab'])
})

test('a response that is lost in its turn keeps no other from its end, and a large end does not wait', async () => {
  const { requests, responses } = await twoResponses()
  const [lost, other] = responses
  const whole = Promise.any(requests.map(async (request) => (await once(request, 'response'))[0]))
  for (const request of requests) request.on('error', () => {})
  gatherEnd(lost, Buffer.from('a'))
  lost.destroy()
  gatherEnd(other, Buffer.alloc(64 * 1024))
  expect(other.writableEnded).toBe(true)
  const answer = await whole
  expect(Buffer.concat(await answer.toArray())).toHaveLength(64 * 1024)
})
