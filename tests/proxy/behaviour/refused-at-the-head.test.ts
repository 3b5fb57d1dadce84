import { expect, test } from 'vitest'
import { chat, startGateway } from '../../helpers/gateway/gateway.ts'
import { exchangeRaw } from '../../helpers/gateway/raw-client.ts'

const KEY = 'a-secret-key'
const PIECE = Buffer.alloc(64 * 1024, 0x20)
/** Buffers of the two systems between client and gateway take some bytes that nobody reads. */
const BUFFERED_BYTES = 32 * 2 ** 20

const startSmall = () => startGateway({ environment: { API_KEYS: KEY }, config: { limits: { body_mib: 1 } } })

function headOf(path: string, ...lines: string[]): string {
  return `${[`POST ${path} HTTP/1.1`, 'host: localhost', 'content-type: application/json', ...lines].join('\r\n')}\r\n\r\n`
}

const HUGE = 'content-length: 3000000000'
const WITH_KEY = `authorization: Bearer ${KEY}`

test.for([
  ['a wrong key', headOf('/v1/chat/completions', 'authorization: Bearer wrong-key-x', HUGE), 401],
  ['a size beyond the limit', headOf('/v1/chat/completions', WITH_KEY, HUGE), 413],
] as const)('%s is answered at the head, and the connection is closed', async ([, head, status]) => {
  const gateway = await startSmall()
  const { received, sentBytes, end, openMs } = await exchangeRaw(gateway.url, head, { endlessly: PIECE })
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`])
  expect(received).toContain('\r\nconnection: close\r\n')
  expect(end).toBeDefined()
  expect(sentBytes).toBeLessThan(BUFFERED_BYTES)
  expect(openMs).toBeGreaterThan(900)
})

test.for([
  ['an unknown path', headOf('/v2/nothing', WITH_KEY, HUGE), 404],
  ['a coding that is not known', headOf('/v1/chat/completions', WITH_KEY, HUGE, 'content-encoding: compress'), 415],
] as const)('%s is answered at the head too', async ([, head, status]) => {
  const gateway = await startSmall()
  const { received } = await exchangeRaw(gateway.url, head)
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`])
  expect(received).toContain('\r\nconnection: close\r\n')
})

test.for([401, 413])('%s comes before 100 Continue', async (status) => {
  const gateway = await startSmall()
  const key = status === 401 ? 'authorization: Bearer wrong-key-x' : WITH_KEY
  const { received } = await exchangeRaw(gateway.url, headOf('/v1/chat/completions', key, HUGE, 'expect: 100-continue'))
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`])
})

test('a size beyond the limit is refused at the head whatever the type is', async () => {
  const gateway = await startSmall()
  const head = headOf('/v1/chat/completions', WITH_KEY, HUGE).replace('application/json', 'text/plain')
  const { received, sentBytes } = await exchangeRaw(gateway.url, head, { endlessly: PIECE })
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413'])
  expect(sentBytes).toBeLessThan(BUFFERED_BYTES)
  expect((await gateway.records(1))[0]).toMatchObject({ status_code: 413, outcome: 'rejected' })
})

test('a size beyond the limit is refused before 100 Continue whatever the type is', async () => {
  const gateway = await startSmall()
  const head = headOf('/v1/chat/completions', WITH_KEY, HUGE, 'expect: 100-continue')
  const { received } = await exchangeRaw(gateway.url, head.replace('application/json', 'text/plain'))
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413'])
})

test('a body that is accepted is asked for', async () => {
  const gateway = await startSmall()
  const body = JSON.stringify(chat('echo'))
  const head = headOf(
    '/v1/chat/completions',
    WITH_KEY,
    `content-length: ${body.length}`,
    'expect: 100-continue',
    'connection: close',
  )
  const { received } = await exchangeRaw(gateway.url, head + body)
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200'])
})

test('a body that becomes too large is not read on', async () => {
  const gateway = await startSmall()
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), PIECE, Buffer.from('\r\n')])
  const head = headOf('/v1/chat/completions', WITH_KEY, 'transfer-encoding: chunked')
  const { received, sentBytes, end } = await exchangeRaw(gateway.url, head, { endlessly: chunk })
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413'])
  expect(end).toBeDefined()
  expect(sentBytes).toBeLessThan(BUFFERED_BYTES)
  expect((await gateway.records(1))[0]).toMatchObject({ status_code: 413, outcome: 'rejected' })
})

test('the connection of a refused request whose body has ended closes at once', async () => {
  const gateway = await startSmall()
  const head = headOf('/v1/chat/completions', 'content-length: 100000')
  const { received, end, openMs } = await exchangeRaw(
    gateway.url,
    Buffer.concat([Buffer.from(head), Buffer.alloc(100_000, 0x20)]),
  )
  expect([received.slice(9, 12), end]).toEqual(['401', 'closed'])
  expect(openMs).toBeLessThan(900)
})
