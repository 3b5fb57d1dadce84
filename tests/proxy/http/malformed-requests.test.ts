import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { startGateway } from '../../helpers/gateway/gateway.ts'

test.for([
  ['bytes that are not HTTP', 'NONSENSE\r\n\r\n', '400 Bad Request'],
  [
    'headers that are too large',
    `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    '431 Request Header Fields Too Large',
  ],
] as const)('%s get an error object too', async ([, sent, status]) => {
  const gateway = await startGateway()
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  socket.write(sent)
  const answer = await text(socket)
  expect(answer.split('\r\n')[0]).toBe(`HTTP/1.1 ${status}`)
  expect(answer).toContain('x-ai-proxy-release: dev')
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '').error.type).toBe('invalid_request_error')
})
