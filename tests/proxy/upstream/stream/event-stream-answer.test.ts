import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startGateway } from '../../../helpers/gateway/gateway.ts'

/** The gateway in front of a provider that answers every request with this stream. */
async function startWithStream(body: string) {
  const provider = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(body)
  })
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    provider.close()
    provider.closeAllConnections()
  })
  const { port } = provider.address() as AddressInfo
  return startGateway({
    environment: { OPENROUTER_API_KEY: 'upstream-key', OPENROUTER_BASE_URL: `http://127.0.0.1:${port}` },
    mappings: { odd: 'openrouter:odd' },
  })
}

test('a stream that cannot be read is passed on unchanged to its end', async () => {
  const events = [
    { type: 'message_start', message: { id: 'msg_1', role: 'assistant', content: [] } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: { toString: 1 } } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x' } },
    { type: 'message_stop' },
  ]
  const stream = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  const gateway = await startWithStream(stream)
  const request = { model: 'odd', max_tokens: 9, stream: true, messages: [{ role: 'user', content: 'Hi' }] }
  const response = await gateway.post(request, {}, '/v1/messages')
  expect([response.status, response.text]).toEqual([200, stream])
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ outcome: 'ok', response: { id: 'msg_1' }, truncated: ['response'] })
})
