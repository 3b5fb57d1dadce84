import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { eventually, startGateway } from '../../helpers/gateway/gateway.ts'
import { seededRandom } from '../../helpers/random.ts'

const FIELDS =
  '--b0und\r\ncontent-disposition: form-data; name="model"\r\n\r\nmine\r\n--b0und\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
const BODY = Buffer.concat([Buffer.from(FIELDS), randomBytes(2_000_000), Buffer.from('\r\n--b0und--\r\n')])
const CUTS = 12

async function startBefore(handle: (request: IncomingMessage, response: ServerResponse) => void, config: object = {}) {
  const server = createServer(handle).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const environment = { OPENAI_API_KEY: 'upstream-key-1,upstream-key-2', OPENAI_BASE_URL: url }
  return await startGateway({ environment, mappings: { mine: 'openai:mine' }, config })
}

const HEAD = (length: number) =>
  `POST /v1/audio/transcriptions HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b0und\r\ncontent-length: ${length}\r\n\r\n`

function* piecesOf(bytes: Buffer, pieceBytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

/** Sends these bytes on a connection, and resolves to what came back when it has closed. */
async function send(url: string, ...parts: (string | Buffer)[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let received = ''
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1')
  })
  socket.on('error', () => {})
  for (const part of parts) socket.write(part)
  await once(socket, 'close')
  return received
}

test('an upload without a length arrives whole, however slowly the provider reads it', async () => {
  const arrived: Buffer[] = []
  const gateway = await startBefore(async (request, response) => {
    const pieces: Buffer[] = []
    await sleep(30)
    for await (const piece of request) pieces.push(piece)
    arrived.push(Buffer.concat(pieces))
    response.end('{"text":"Hi"}')
  })
  const headers = { 'content-type': 'multipart/form-data; boundary=b0und' }
  const small = Buffer.concat([Buffer.from(FIELDS), Buffer.from('RIFF\r\n--b0und--\r\n')])
  for (const [body, pieceBytes] of [
    [small, 100],
    [small, 7],
    [BODY, 300_000],
  ] as const) {
    for (let round = 0; round < 5; round++) {
      const answer = await fetch(`${gateway.url}/v1/audio/transcriptions`, {
        ...{ method: 'POST', headers, duplex: 'half' as const },
        body: Readable.toWeb(Readable.from(piecesOf(body, pieceBytes))),
      } as RequestInit)
      expect([answer.status, arrived.at(-1)?.equals(body)]).toEqual([200, true])
    }
  }
})

test('an upload that the client cuts anywhere never looks whole to the provider', async () => {
  const ends: string[] = []
  const gateway = await startBefore((request) => {
    request.resume()
    request.on('end', () => ends.push('whole')).on('close', () => ends.push(request.complete ? 'complete' : 'cut'))
  })
  const random = seededRandom(7)
  for (let at = 0; at < CUTS; at++) {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1').on('error', () => {})
    socket.write(HEAD(BODY.length))
    socket.write(BODY.subarray(0, random.below(BODY.length)), () =>
      setTimeout(() => socket.destroy(), random.below(20)),
    )
    await once(socket, 'close')
  }
  const records = await gateway.records(CUTS)
  expect(new Set(records.map(({ outcome, status_code }) => `${outcome} ${status_code}`))).toEqual(
    new Set(['client_aborted 499']),
  )
  await eventually(() => expect(gateway.running.size).toBe(0))
  expect(ends.filter((end) => end !== 'cut')).toEqual([])
  expect(gateway.operatorLog.join('')).not.toMatch(/a request failed|"level":50/)
})

test('an answer that the provider cuts anywhere never looks whole to the client', async () => {
  const random = seededRandom(8)
  const gateway = await startBefore((_request, response) => {
    const isChunked = random.below(2) === 0
    response.writeHead(200, { 'content-type': 'audio/mpeg', ...(!isChunked && { 'content-length': BODY.length }) })
    response.write(BODY.subarray(0, random.below(BODY.length)), () => response.destroy())
  })
  for (let at = 0; at < CUTS; at++) {
    const read = async () => {
      const answer = await fetch(`${gateway.url}/v1/files/file-1/content`)
      return await answer.arrayBuffer()
    }
    const broken = await read().then(
      () => 'whole',
      () => 'broken',
    )
    expect(broken).toBe('broken')
  }
  const outcomes = new Set((await gateway.records(CUTS)).map(({ outcome }) => outcome))
  expect([...outcomes].filter((outcome) => !/^upstream_(truncated|error)$/.test(outcome))).toEqual([])
})

test('a client that leaves in the middle of an answer cancels it', async () => {
  const ends: boolean[] = []
  const gateway = await startBefore((_request, response) => {
    response.on('close', () => ends.push(response.writableFinished))
    response.writeHead(200, { 'content-type': 'audio/mpeg' })
    const more = () => response.destroyed || response.write(BODY, more)
    more()
  })
  const answer = await fetch(`${gateway.url}/v1/files/file-1/content`)
  await answer.body?.cancel()
  await eventually(() => expect(ends).toEqual([false]))
  expect(await gateway.records(1)).toMatchObject([{ outcome: 'client_aborted', status_code: 200 }])
})

test('an answer in the middle of an upload reaches the client, and the connection ends', async () => {
  const gateway = await startBefore((request, response) => {
    request.once('data', () => {
      response.writeHead(413, { 'content-type': 'application/json' })
      response.end('{"error":{"message":"too large for me"}}')
    })
  })
  const received = await send(gateway.url, HEAD(BODY.length * 20), BODY)
  expect(received.split('\r\n')[0]).toMatch(/^HTTP\/1.1 413 /)
  expect(received.toLowerCase()).toContain('connection: close')
  expect(received).toContain('too large for me')
  expect(await gateway.records(1)).toMatchObject([{ outcome: 'upstream_error', status_code: 413 }])
})

test('an upload is sent only once, however the provider fails', async () => {
  let count = 0
  const gateway = await startBefore((request, response) => {
    count++
    request.resume().on('end', () => {
      response.writeHead(429, { 'content-type': 'application/json' })
      response.end('{"error":{"message":"slow down"}}')
    })
  })
  const answer = await fetch(`${gateway.url}/v1/audio/transcriptions`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b0und' },
    body: BODY,
  })
  expect([answer.status, count]).toEqual([429, 1])
  const small = await fetch(`${gateway.url}/v1/audio/transcriptions`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b0und' },
    body: `${FIELDS}x\r\n--b0und--\r\n`,
  })
  // The first key cools down, so only the other one is asked.
  expect([small.status, count]).toEqual([429, 2])
})

test('a second model after the beginning of the upload stops it', async () => {
  const ends: boolean[] = []
  const gateway = await startBefore((request) => {
    request.resume().on('close', () => ends.push(request.complete))
  })
  const second = Buffer.from(`\r\n${FIELDS}x\r\n--b0und--\r\n`)
  const body = Buffer.concat([BODY.subarray(0, -13), second])
  const received = await send(gateway.url, HEAD(body.length), body)
  expect(received.split('\r\n')[0]).toMatch(/^HTTP\/1.1 400 /)
  expect(received).toContain('duplicate_parameter')
  await eventually(() => expect(ends).toEqual([false]))
  expect(await gateway.records(1)).toMatchObject([{ outcome: 'rejected' }])
})

test('a form whose model comes after a file that is too large to be held is refused', async () => {
  const gateway = await startBefore((request) => void request.resume(), { limits: { body_mib: 1 } })
  const file = FIELDS.slice(FIELDS.lastIndexOf('--b0und'))
  const answer = await fetch(`${gateway.url}/v1/audio/transcriptions`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b0und' },
    body: Buffer.concat([Buffer.from(file), BODY.subarray(FIELDS.length, -13), Buffer.from(`\r\n${FIELDS}`)]),
  })
  expect([answer.status, await answer.text()]).toEqual([413, expect.stringContaining("Put 'model' before the file")])
})

test('a client that stops sending is given up', async () => {
  const gateway = await startBefore((request) => void request.resume(), {
    limits: { idle_timeout_s: 0.3, first_byte_timeout_s: 0.3 },
  })
  for (const part of [BODY.subarray(0, 20), BODY.subarray(0, 900_000)]) {
    const received = await send(gateway.url, HEAD(BODY.length), part)
    expect(received.split('\r\n')[0]).toMatch(/^HTTP\/1.1 408 /)
  }
  expect((await gateway.records(2)).map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected'])
})
