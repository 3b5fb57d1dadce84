import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { deployError } from '../../../deploy/errors.ts'
import { checkCompletions, checkReading } from '../../../deploy/probe/checks.ts'
import { insideProbe } from '../../../deploy/probe/inside-probe.ts'
import { outsideProbe } from '../../../deploy/probe/outside-probe.ts'

interface Answer {
  status?: number
  body: string
  release?: string
}

const RELEASE = '20261123-101112'
const CHUNK = 'data: {"object":"chat.completion.chunk"}\n\n'

/** A gateway that is as it should be. */
const GOOD: Record<string, Answer> = {
  '/health': { body: '{"status":"ok"}', release: RELEASE },
  '/v1/models': { body: '{"object":"list","data":[]}' },
  whole: { body: '{"choices":[{"message":{"content":"ai-deploy says hello"}}]}' },
  stream: { body: `${CHUNK}data: [DONE]\n\n` },
}

/** A real server that gives these answers. */
async function probeOf(answers: Record<string, Answer>) {
  const asked: unknown[] = []
  const find = async (request: IncomingMessage) => {
    const body = await text(request)
    if (body === '') return answers[request.url ?? '']
    const parsed: { stream?: boolean } = JSON.parse(body)
    asked.push(parsed)
    return parsed.stream ? answers['stream'] : answers['whole']
  }
  const server = createServer(async (request, response) => {
    const answer = await find(request)
    if (answer) {
      response.writeHead(answer.status ?? 200, answer.release ? { 'x-ai-proxy-release': answer.release } : {})
      response.end(answer.body)
    } else request.socket.destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const probe = outsideProbe({ url: `http://127.0.0.1:${port}`, apiKey: null, resolve: {}, extraCa: null })
  onTestFinished(async () => {
    await probe.close()
    server.close()
  })
  return { probe, asked }
}

const reading = async (answers: Record<string, Answer>, instance: string | null = RELEASE) =>
  checkReading((await probeOf({ ...GOOD, ...answers })).probe, instance)
const completions = async (answers: Record<string, Answer>) =>
  checkCompletions((await probeOf({ ...GOOD, ...answers })).probe)

test('a server that cannot be asked at all is not a problem of the gateway', async () => {
  const lost = deployError('SSH_UNREACHABLE', 'the connection was lost', 'run again')
  const connect = () => Promise.reject(lost)
  const probe = insideProbe({ domain: 'a.example.com', connect, apiKey: null })
  onTestFinished(() => probe.close())
  await expect(checkReading(probe, RELEASE)).rejects.toBe(lost)
})

test('a gateway that answers as it should has no problem', async () => {
  expect(await reading({})).toBeNull()
  expect(await completions({})).toBeNull()
})

test('the release that answers matters only where one is expected', async () => {
  const other = { '/health': { body: '{"status":"ok"}', release: 'another' } }
  expect(await reading(other)).toBe(`GET /health is answered by another, not by ${RELEASE}`)
  expect(await reading(other, null)).toBeNull()
  expect(await reading({ '/health': { body: '{"status":"ok"}' } })).toBe(
    `GET /health is answered by something else, not by ${RELEASE}`,
  )
})

test('the first thing that is wrong is said, in words', async () => {
  expect(await reading({ '/health': { status: 503, body: '' } })).toBe('GET /health answers 503')
  expect(await reading({ '/health': { status: 404, body: '404 page\n not  found\n' } })).toBe(
    'GET /health answers 404: 404 page not found',
  )
  expect(await reading({ '/health': { body: 'hello', release: RELEASE } })).toBe('GET /health says hello')
  expect(await reading({ '/health': { body: '{"status":"draining"}', release: RELEASE } })).toBe(
    'GET /health says {"status":"draining"}',
  )
  expect(await reading({ '/v1/models': { status: 401, body: '{"error":{}}' } })).toBe(
    'GET /v1/models answers 401: {"error":{}}',
  )
  expect(await reading({ '/v1/models': { body: '{"data":7}' } })).toBe('GET /v1/models says {"data":7}')
  expect(await completions({ whole: { status: 500, body: 'x'.repeat(201) } })).toBe(
    `POST /v1/chat/completions answers 500: ${'x'.repeat(200)}…`,
  )
  expect(await completions({ whole: { body: '{}' } })).toBe('POST /v1/chat/completions says {}')
  expect(await completions({ stream: { status: 502, body: 'bad' } })).toBe(
    'POST /v1/chat/completions (streamed) answers 502: bad',
  )
  for (const body of [CHUNK, `data: [DONE]\n\n`, `${CHUNK}data: [DONE]\n\n${CHUNK}`]) {
    expect(await completions({ stream: { body } })).toBe(
      'POST /v1/chat/completions (streamed) does not end as a stream should',
    )
  }
})

test('a gateway that does not answer is a problem too', async () => {
  const { probe } = await probeOf({}) // It hangs up on every request.
  expect(await checkReading(probe, RELEASE)).toMatch(/^GET \/health fails: ./)
})

test('completions are asked of the built-in model only, once in each mode', async () => {
  const { probe, asked } = await probeOf(GOOD)
  await checkReading(probe, RELEASE)
  expect(asked).toEqual([])
  await checkCompletions(probe)
  const request = { model: 'echo', messages: [{ role: 'user', content: 'ai-deploy says hello' }] }
  expect(asked).toEqual([request, { ...request, stream: true }])
})
