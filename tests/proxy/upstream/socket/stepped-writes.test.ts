import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { writeInSteps } from '../../../../proxy/upstream/socket/stepped-writes.ts'

const LARGE = randomBytes(2_000_000)

async function connection(): Promise<{ client: Socket; server: Socket }> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1')
  const [server] = (await once(listener, 'connection')) as [Socket]
  onTestFinished(() => {
    for (const one of [client, server]) one.destroy()
    listener.close()
  })
  return { client, server }
}

test('other work is done between the steps of a large write, and all bytes arrive in their order', async () => {
  const { client, server } = await connection()
  writeInSteps(client)
  let turns = 0
  let isSent = false
  const count = () => {
    turns++
    if (!isSent) setImmediate(count)
  }
  count()
  client.cork()
  client.write('a head, ', 'latin1')
  client.write(LARGE, () => {
    isSent = true
  })
  client.uncork()
  client.write(', a small piece, ')
  client.write(LARGE)
  client.end()
  const received = await buffer(server)
  expect(
    received.equals(Buffer.concat([Buffer.from('a head, '), LARGE, Buffer.from(', a small piece, '), LARGE])),
  ).toBe(true)
  expect(turns).toBeGreaterThanOrEqual(8)
})

test('a connection that is destroyed in the middle sends no more', async () => {
  const { client, server } = await connection()
  writeInSteps(client)
  const sent = new Promise((resolve) => client.write(LARGE, resolve))
  setImmediate(() => client.destroy())
  expect(await sent).toBeInstanceOf(Error)
  expect((await buffer(server)).length).toBeLessThan(LARGE.length)
})
