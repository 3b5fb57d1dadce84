import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { LogRecord } from '../../../kit/log-record.ts'
import { freePort, startServer } from '../process/server-process.ts'
import { residentBytes } from '../process/usage.ts'
import { tempFolder } from '../temp-folder.ts'
import { readRecords } from './gateway.ts'
import { keyedDigest } from './keyed-digest.ts'

export interface RelayFlowReport {
  /** SHA-256 of the form as it was sent and as it arrived, and its digests as they should be and are in the log. */
  up: { sent: string; arrived: string; keyed: string; logged: string }
  /** The same of the file in the other direction. */
  down: { sent: string; arrived: string; keyed: string; logged: string }
  /** Memory that the gateway took in addition to what it had after a small request of each kind, in bytes. */
  growthBytes: number
}

const PIECE = randomBytes(256 * 1024)
const BEFORE =
  '--b0und\r\ncontent-disposition: form-data; name="model"\r\n\r\nmine\r\n--b0und\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
const AFTER = '\r\n--b0und--\r\n'
const SAMPLE_EVERY_MS = 20
const HASH_SECRET = 'pepper'

/** Sends a form of this size through a gateway, and gets a file of this size through it, at the same time. */
export async function relayFlow(command: string[], bytes: number): Promise<RelayFlowReport> {
  const provider = await startProvider()
  const { url, pid, logDir, flush } = await startGateway(command, provider.url)
  await upload(url, 1_000_000)
  await download(url, 1_000_000)
  const before = residentBytes(pid)
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, residentBytes(pid))
  }, SAMPLE_EVERY_MS)
  const [up, down] = await Promise.all([upload(url, bytes), download(url, bytes)])
  clearInterval(timer)
  await flush()
  const records = readRecords(logDir).slice(2)
  const [upRecord, downRecord] = ['POST', 'GET'].map((name) => records.find(({ method }) => method === name))
  return {
    up: { ...up, keyed: keyedDigest(HASH_SECRET, up.sent), logged: digestOf(upRecord, 'request') },
    down: { ...down, keyed: keyedDigest(HASH_SECRET, down.sent), logged: digestOf(downRecord, 'response') },
    growthBytes: most - before,
  }
}

function digestOf(record: LogRecord | undefined, direction: 'request' | 'response'): string {
  const body = record?.[direction] as { _digest: { hmac_sha256: string } } | undefined
  return String(body?._digest.hmac_sha256)
}

async function startGateway([program = '', ...args]: string[], upstream: string) {
  const folder = tempFolder()
  const port = await freePort()
  writeFileSync(join(folder, 'config.yml'), 'model_mappings: { "mine": "openai:mine" }\n')
  const logDir = join(folder, 'logs')
  const env = {
    ...{
      PORT: String(port),
      METRICS_PORT: String(await freePort()),
      LOG_DIR: logDir,
      API_KEYS: 'a-key-of-some-length',
      LOG_HASH_SECRET: HASH_SECRET,
    },
    ...{ OPENAI_API_KEY: 'upstream-key', OPENAI_BASE_URL: upstream },
  }
  const gateway = await startServer([program, ...args, '--no-dotenv'], { cwd: folder, env, port })
  onTestFinished(gateway.kill)
  const flush = async () => {
    while (readRecords(logDir).length < 4) await sleep(20)
  }
  return { url: `http://127.0.0.1:${port}`, pid: gateway.pid, logDir, flush }
}

/** Answers a form with its SHA-256, and GET with as many bytes as the path says. */
async function startProvider(): Promise<{ url: string }> {
  const server = createServer((asked, response) => {
    if (asked.method === 'GET') sendBytes(response, Number(/files\/(\d+)/.exec(asked.url ?? '')?.[1]))
    else void sha256Of(asked).then((sha256) => response.end(sha256))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

function sendBytes(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes })
  Readable.from(pieces(bytes)).pipe(response)
}

function* pieces(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= PIECE.length) yield PIECE.subarray(0, left)
}

async function upload(url: string, bytes: number): Promise<{ sent: string; arrived: string }> {
  const sent = createHash('sha256')
  const parts = function* () {
    for (const all of [[Buffer.from(BEFORE)], pieces(bytes), [Buffer.from(AFTER)]]) {
      for (const piece of all) {
        sent.update(piece)
        yield piece
      }
    }
  }
  const length = BEFORE.length + bytes + AFTER.length
  const type = 'multipart/form-data; boundary=b0und'
  const headers = { 'content-type': type, 'content-length': length, authorization: 'Bearer a-key-of-some-length' }
  const asked = request(`${url}/v1/audio/transcriptions`, { method: 'POST', headers })
  Readable.from(parts()).pipe(asked)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  let arrived = ''
  for await (const piece of response) arrived += piece
  return { sent: sent.digest('hex'), arrived }
}

async function download(url: string, bytes: number): Promise<{ sent: string; arrived: string }> {
  const sent = createHash('sha256')
  for (const piece of pieces(bytes)) sent.update(piece)
  const headers = { authorization: 'Bearer a-key-of-some-length' }
  const asked = request(`${url}/v1/files/${bytes}/content`, { headers }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return { sent: sent.digest('hex'), arrived: await sha256Of(response) }
}

async function sha256Of(stream: Readable): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of stream) hash.update(piece)
  return hash.digest('hex')
}
