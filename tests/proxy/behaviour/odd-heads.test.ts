import { expect, test } from 'vitest'
import { chat, chunksOf } from '../../helpers/gateway/gateway.ts'
import { chunk, completion, DONE, reply, startBeforeRaw } from '../../helpers/gateway/raw-upstream.ts'

const WHOLE = completion('Hello')

test.for([
  ['content-type twice', reply(200, WHOLE, 'application/json', 'content-type: application/json\r\n')],
  ['content-encoding twice', reply(200, WHOLE, 'application/json', 'content-encoding: identity\r\n'.repeat(2))],
  ['100 first', `HTTP/1.1 100 Continue\r\n\r\n${reply(200, WHOLE)}`],
  ['100 twice, with headers', `${'HTTP/1.1 100 Continue\r\ndate: x\r\n\r\n'.repeat(2)}${reply(200, WHOLE)}`],
  ['103 first', `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${reply(200, WHOLE)}`],
  ['no reason phrase', reply(200, WHOLE).replace('200 X', '200 ')],
] as const)('an answer with an odd head (%s) is passed on', async ([, answer]) => {
  const { gateway } = await startBeforeRaw((socket) => void socket.write(answer))
  const response = await gateway.post(chat('mine'))
  expect([response.status, response.text]).toEqual([200, JSON.stringify(WHOLE)])
  expect((await gateway.records(1))[0]).toMatchObject({ outcome: 'ok' })
})

const EVENTS = chunk({ content: 'Hi' }) + chunk({}, 'stop') + DONE

test.for(['text/plain', 'application/json', 'application/octet-stream'])(
  'events under the content type %s are a stream',
  async (type) => {
    for (const start of ['', ': comment\n\n', '\ufeff', '\n']) {
      const { gateway } = await startBeforeRaw((socket) => void socket.write(reply(200, start + EVENTS, type)))
      const response = await gateway.post(chat('mine', { stream: true }))
      expect(response.headers['content-type']).toBe('text/event-stream')
      // A mark of the byte order does not belong to the text.
      expect(response.text).toBe(start.replace('\ufeff', '') + EVENTS)
      const [record] = await gateway.records(1)
      expect(record).toMatchObject({ outcome: 'ok', response: { choices: [{ message: { content: 'Hi' } }] } })
    }
  },
)

test('events under another content type are passed on as they come', async () => {
  const { gateway } = await startBeforeRaw(async (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nda')
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.end(EVENTS.slice(2))
  })
  const { text } = await gateway.post(chat('mine', { stream: true }))
  expect(chunksOf(text)[0]?.choices[0]?.delta.content).toBe('Hi')
  expect(text.endsWith(DONE)).toBe(true)
})

test('JSON under another content type is still an answer in one piece', async () => {
  const { gateway } = await startBeforeRaw((socket) => void socket.write(reply(200, WHOLE, 'text/plain')))
  const { text } = await gateway.post(chat('mine', { stream: true }))
  expect(chunksOf(text)[0]?.choices[0]?.delta.content).toBe('Hello')
})

test('an unasked 100 in pieces is skipped, on each answer of a connection', async () => {
  const { gateway, upstream } = await startBeforeRaw(async (socket) => {
    for (const piece of ['HTTP/1', '.1 100 Contin', 'ue\r\n\r', '\n', reply(200, WHOLE)]) {
      socket.write(piece)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })
  for (let request = 0; request < 2; request++) expect((await gateway.post(chat('mine'))).status).toBe(200)
  expect(upstream.connections).toBe(1)
})

test('a body that looks like a 100 stays as it is', async () => {
  const text = 'HTTP/1.1 100 Continue\r\n\r\n'
  const { gateway } = await startBeforeRaw(async (socket) => {
    const body = JSON.stringify(completion(text))
    const at = body.indexOf('HTTP/1.1')
    const whole = reply(200, body)
    socket.setNoDelay(true)
    socket.write(whole.slice(0, whole.length - body.length + at))
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.write(whole.slice(whole.length - body.length + at))
  })
  expect(JSON.parse((await gateway.post(chat('mine'))).text).choices[0].message.content).toBe(text)
})
