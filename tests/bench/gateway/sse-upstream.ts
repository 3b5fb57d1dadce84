/**
 * A provider whose streams continue until the client leaves: a chunk of about 250 bytes each N ms, in which
 * `sent_at` says when it was written. The streams' chunks are spread over the interval. As a process:
 * `sse-upstream.ts <port> <interval in ms>`.
 */
import { createServer, type ServerResponse } from 'node:http'
import { monotonicMs } from './clock.ts'

const SLOTS = 20

const [port = '0', intervalMs = '100'] = process.argv.slice(2)
const slots = Array.from({ length: SLOTS }, () => new Set<ServerResponse>())
let opened = 0
let tick = 0

setInterval(() => {
  for (const response of slots[tick++ % SLOTS] ?? []) response.write(chunk())
}, Number(intervalMs) / SLOTS)

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    const slot = slots[opened++ % SLOTS]
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    slot?.add(response)
    response.on('close', () => slot?.delete(response))
  })
})
server.listen(Number(port), '127.0.0.1', 4096)

function chunk(): string {
  return `data: {"id":"chatcmpl-bench-0123456789","object":"chat.completion.chunk","created":1700000000,"model":"provider/a-model","choices":[{"index":0,"delta":{"content":" another"},"logprobs":null,"finish_reason":null}],"sent_at":${monotonicMs().toFixed(3)}}\n\n`
}
