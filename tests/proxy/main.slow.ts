import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { chat, chunksOf, eventually, readRecords } from '../helpers/gateway/gateway.ts'
import {
  newAgent,
  newFolder,
  STARTING,
  spawnGateway,
  startProcess,
  startProcessWithUpstream,
  usedPort,
} from '../helpers/gateway/gateway-process.ts'
import { freePort } from '../helpers/process/server-process.ts'

/** Asks until nobody answers; a promise that `expect` watches could count for another of the tests that run at the same time. */
function noLongerListens(url: string): Promise<void> {
  return eventually(async () => {
    const found = await request(`${url}/health`).then(
      ({ body }) => body.text(),
      ({ code }) => code,
    )
    expect(found).toBe('ECONNREFUSED')
  })
}

/** A client that sends all requests on the same connection. */
const oneConnection = () => newAgent({ connections: 1, pipelining: 1, keepAliveTimeout: 60_000 })

test('SIGTERM: not ready, running streams end, everything is in the log, exit 0', async () => {
  const { gateway } = await startProcessWithUpstream()
  const keepAlive = oneConnection()
  await (await gateway.post(chat('echo'), keepAlive)).body.text()
  const stream = await gateway.post(chat('mock/slow-25x100', { stream: true }))
  const busy = oneConnection()
  const before = await gateway.post(chat('mock/slow-20x90', { stream: true }), busy)
  const whole = gateway.post(chat('mock/slow-25x80'))
  const text = stream.body.text()
  gateway.process.kill('SIGTERM')
  await eventually(async () => {
    const ready = await request(`${gateway.url}/ready`)
    await ready.body.dump()
    expect(ready.statusCode).toBe(503)
  })
  // A connection that an edge keeps open is still served, and closed after its answer.
  const late = await gateway.post(chat('mock/normal'), keepAlive)
  expect(late.statusCode).toBe(200)
  expect(late.headers['connection']).toBe('close')
  await late.body.dump()
  await noLongerListens(gateway.url)
  expect(gateway.process.exitCode).toBeNull()

  expect((await before.body.text()).endsWith('data: [DONE]\n\n')).toBe(true)
  // The same connection; its last answer, before the signal, said that it may be used again.
  const after = await gateway.post(chat('mock/normal'), busy)
  expect([after.statusCode, after.headers['connection']]).toEqual([200, 'close'])
  await after.body.dump()
  expect((await whole).statusCode).toBe(200)
  await (await whole).body.dump()
  const streamed = await text
  expect(streamed.endsWith('data: [DONE]\n\n')).toBe(true)
  expect(chunksOf(streamed)).toHaveLength(102)
  const endedAt = performance.now()
  expect(await gateway.exit).toBe(0)
  expect(performance.now() - endedAt).toBeLessThan(2000)
  const records = readRecords(join(gateway.cwd, 'logs'))
  expect(records.map(({ outcome }) => outcome)).toEqual(Array(6).fill('ok'))
})

test.concurrent('while it waits for running answers, a quiet stream still gets comments', async () => {
  const configPath = join(newFolder(), 'config.yml')
  writeFileSync(configPath, 'model_mappings:\n  "mock/*": "openrouter:mock/*"\nlimits:\n  keepalive_s: 0.2\n')
  const { gateway } = await startProcessWithUpstream({ CONFIG_PATH: configPath })
  const stream = await gateway.post(chat('mock/slow-2500x2', { stream: true }))
  let text = ''
  stream.body.on('data', (piece: Buffer) => {
    text += piece.toString()
  })
  const ended = once(stream.body, 'end')
  gateway.process.kill('SIGTERM')
  await noLongerListens(gateway.url)
  const before = text.length
  await eventually(() => expect(text.slice(before)).toContain(': ping\n'))
  await ended
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  expect(await gateway.exit).toBe(0)
})

test.concurrent('without any configuration it answers, prints a command that works, and writes a log', async () => {
  const gateway = await startProcess()
  expect(gateway.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  const curl = gateway.output.stderr.split('\n').find((line) => line.startsWith('  curl '))
  const pasted = spawn('sh', ['-c', `${curl?.trim()} --silent`])
  let answer = ''
  pasted.stdout.on('data', (text) => {
    answer += text
  })
  await new Promise((resolve) => pasted.on('close', resolve))
  expect(JSON.parse(answer).choices[0].message.content).toBe('Hello, gateway!')
  const logs = join(gateway.cwd, 'logs')
  const [record] = await eventually(() => {
    const records = readRecords(logs)
    expect(records).toHaveLength(1)
    return records
  })
  expect(record).toMatchObject({ v: 1, provider: 'echo', release: 'dev', outcome: 'ok', api_key_hash: null })
  expect(readdirSync(logs)).toEqual([`requests-${record?.timestamp.slice(0, 10)}.jsonl`])
  gateway.process.kill('SIGINT')
  expect(await gateway.exit).toBe(0)
})

test.concurrent('in a release it reads its env file, logs under its name and speaks JSON only', async () => {
  const { gateway } = await startProcessWithUpstream({
    RELEASE_ID: '20261123-120000',
    API_KEYS_BASE64: Buffer.from("it's $ecret").toString('base64'),
  })
  const wrong = await gateway.post(chat('echo'))
  expect(wrong.statusCode).toBe(401)
  const right = await request(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: "Bearer it's $ecret" },
    body: JSON.stringify(chat('echo')),
  })
  expect(right.statusCode).toBe(200)
  await eventually(() =>
    expect(readdirSync(join(gateway.cwd, 'logs'))).toEqual([
      expect.stringMatching(/^requests-\d{4}-\d\d-\d\d\.20261123-120000\.jsonl$/),
    ]),
  )
  expect(gateway.output.stderr).toBe('')
  const lines = gateway.output.stdout.trim().split('\n')
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: 30 })
})

test.concurrent('SIGTERM: a client that reads slowly gets the whole of a long answer', async () => {
  const gateway = await startProcess()
  const content = 'x'.repeat(8 * 1024 * 1024)
  const body = JSON.stringify({ model: 'echo', messages: [{ role: 'user', content }] })
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = httpRequest(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers }, resolve)
    sent.on('error', reject).end(body)
  })
  // Nothing is read until the gateway accepts nothing new.
  gateway.process.kill('SIGTERM')
  await noLongerListens(gateway.url)
  const text = await textOf(answer)
  expect(JSON.parse(text).choices[0].message.content.length).toBeGreaterThanOrEqual(content.length)
  expect(await gateway.exit).toBe(0)
})

test.concurrent('after the drain timeout running answers are cut off and get an error', async () => {
  const { gateway } = await startProcessWithUpstream({ DRAIN_TIMEOUT_S: '0' })
  const stream = await gateway.post(chat('mock/hang-after-3', { stream: true }))
  const whole = gateway.post(chat('mock/hang'))
  const text = stream.body.text()
  gateway.process.kill('SIGTERM')
  expect(JSON.parse(await (await whole).body.text()).error.code).toBe('server_shutting_down')
  const chunks = chunksOf(await text)
  expect(chunks.at(-1)).toMatchObject({ error: { code: 'server_shutting_down' } })
  expect(await gateway.exit).toBe(0)
  const records = readRecords(join(gateway.cwd, 'logs'))
  expect(records.map(({ outcome, status_code }) => [outcome, status_code]).sort()).toEqual([
    ['rejected', 503],
    ['upstream_truncated', 200],
  ])
})

test.concurrent('all problems are reported together, and nothing starts', async () => {
  const gateway = spawnGateway({ LOG_LEVEL: 'loud', PORT: '99999' })
  expect(await gateway.exit).toBe(2)
  expect(gateway.output.stderr).toMatch(/^✖ /)
  expect(gateway.output.stderr).toContain('LOG_LEVEL: found "loud"')
  expect(gateway.output.stderr).toContain('PORT: found "99999"')
  expect(gateway.output.stderr).toMatch(/\nHint: .+ \(CONFIG_INVALID, exit code 2\)\n$/)

  const wrongFile = spawnGateway({}, 'PORT=1x\nwhat is this\n')
  expect(await wrongFile.exit).toBe(2)
  expect(wrongFile.output.stderr).toContain('.env line 2')
  expect(wrongFile.output.stderr).toContain('PORT: found "1x"')
})

test.concurrent('without keys it refuses to listen beyond this machine', async () => {
  const gateway = spawnGateway({}, 'HOST=0.0.0.0\n')
  expect(await gateway.exit).toBe(2)
  expect(gateway.output.stderr).toMatch(
    /✖ HOST is 0\.0\.0\.0.*API_KEYS is empty\.\nHint: set API_KEYS.*\(CONFIG_INVALID, exit code 2\)/,
  )
  expect(existsSync(join(gateway.cwd, 'logs'))).toBe(false)
})

test.concurrent('with --no-dotenv it does not read .env', async () => {
  const port = await freePort()
  const gateway = spawnGateway({ PORT: String(port) }, 'HOST=0.0.0.0\n', ['--no-dotenv'])
  await eventually(() => expect(gateway.output.stderr).toContain(`http://127.0.0.1:${port}`), STARTING)
})

test.concurrent('a port that is in use is named', async () => {
  const port = await usedPort()
  const gateway = spawnGateway({ PORT: String(port) })
  expect(await gateway.exit).toBe(1)
  expect(gateway.output.stderr).toContain(`✖ Port ${port} of 127.0.0.1 is in use.\nHint: `)
})

test.concurrent('a second Ctrl-C ends running answers, and their records are written', async () => {
  const { gateway } = await startProcessWithUpstream()
  const stream = await gateway.post(chat('mock/hang-after-3', { stream: true }))
  const text = stream.body.text()
  gateway.process.kill('SIGINT')
  await eventually(() => expect(gateway.output.stderr).toContain('1 running; Ctrl-C again ends them.'))
  gateway.process.kill('SIGINT')
  expect(await gateway.exit).toBe(130)
  expect(chunksOf(await text).at(-1)).toMatchObject({ error: { code: 'server_shutting_down' } })
  const [record] = readRecords(join(gateway.cwd, 'logs'))
  expect(record).toMatchObject({ outcome: 'upstream_truncated', status_code: 200 })
})
