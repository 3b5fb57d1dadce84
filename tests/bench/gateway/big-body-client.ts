/**
 * Posts one big body now and then, and prints when each was under way: [[from, to], ...] in ms of the monotonic clock.
 * As a process: `big-body-client.ts <url> <headers as JSON> <bytes> <times>`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'undici'
import { monotonicMs } from './clock.ts'

const PAUSE_MS = 200
const IMAGES = 4

const [url = '', headersJson = '{}', bytes = '0', times = '1'] = process.argv.slice(2)
const { origin, pathname } = new URL(url)
const client = new Client(origin)
const headers = { 'content-type': 'application/json', ...JSON.parse(headersJson) }
const body = withImages(Number(bytes))

const underWay: [number, number][] = []
for (let sent = 0; sent < Number(times); sent++) {
  await sleep(PAUSE_MS)
  const from = monotonicMs()
  const response = await client.request({ method: 'POST', path: pathname, headers, body })
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${await response.body.text()}`)
  await response.body.dump()
  underWay.push([from, monotonicMs()])
}
await client.close()
process.stdout.write(`${JSON.stringify(underWay)}\n`)

function withImages(sizeBytes: number): Buffer {
  const pixels = Buffer.alloc(Math.floor((sizeBytes / IMAGES / 4) * 3), 'not really a picture')
  const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${pixels.toString('base64')}` } }
  const content = [{ type: 'text', text: 'What do these show?' }, ...Array.from({ length: IMAGES }, () => image)]
  return Buffer.from(JSON.stringify({ model: 'bench-model', messages: [{ role: 'user', content }] }))
}
