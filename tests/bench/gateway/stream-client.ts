/**
 * Opens streams, and for N seconds notes how long each chunk was on its way. Prints `measuring` when that begins
 * and a StreamResult when it ends. As a process: `stream-client.ts <url> <headers as JSON> <streams> <seconds> [model]`.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../numbers.ts'
import { monotonicMs } from './clock.ts'

export interface StreamResult {
  chunks: number
  p50Ms: number
  p99Ms: number
  maxMs: number
  /** Streams that did not get through to the end of the measurement. */
  failed: number
}

const OPEN_EVERY_MS = 2
const SETTLE_MS = 2_000
const SENT_AT = /"sent_at":([\d.]+)/g

const [url = '', headersJson = '{}', streams = '1', seconds = '1', model = 'bench-model'] = process.argv.slice(2)
const underWayMs: number[] = []
let measuring = false
let failed = 0

function openStream(): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(requestText())
  let carry = ''
  socket.on('data', (bytes) => {
    const text = carry + bytes.toString('latin1')
    const end = text.lastIndexOf('\n') + 1
    carry = text.slice(end)
    if (measuring) note(text.slice(0, end))
  })
  socket.on('error', () => {})
  socket.on('close', () => failed++)
  return socket
}

function note(lines: string): void {
  const now = monotonicMs()
  for (const [, sentAtMs] of lines.matchAll(SENT_AT)) underWayMs.push(now - Number(sentAtMs))
}

function requestText(): string {
  const { host, pathname } = new URL(url)
  const body = JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Hi there' }] })
  const headers: Record<string, string> = { host, 'content-type': 'application/json', ...JSON.parse(headersJson) }
  const lines = Object.entries({ ...headers, 'content-length': String(body.length) })
  return `POST ${pathname} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}

const sockets: Socket[] = []
for (let opened = 0; opened < Number(streams); opened++) {
  sockets.push(openStream())
  await sleep(OPEN_EVERY_MS)
}
await sleep(SETTLE_MS)
process.stdout.write('measuring\n')
measuring = true
await sleep(Number(seconds) * 1_000)
measuring = false
const result: StreamResult = {
  chunks: underWayMs.length,
  p50Ms: percentile(underWayMs, 50),
  p99Ms: percentile(underWayMs, 99),
  maxMs: percentile(underWayMs, 100),
  failed,
}
process.stdout.write(`${JSON.stringify(result)}\n`)
for (const socket of sockets) socket.destroy()
