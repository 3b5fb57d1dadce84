import { setTimeout as delay } from 'node:timers/promises'
import { type Agent, request } from 'undici'
import type { RigServer } from '../../../scripts/rig/rig-file.ts'
import { agentFor } from './client.ts'
import { domainOf } from './rig-server.ts'

export interface LoadResult {
  requests: number
  streams: number
  /** One text for each answer that was incomplete or wrong. */
  failures: string[]
  /** Instances that answered. */
  releases: Set<string>
}

const PAUSE_MS = 5
const STREAM_CHUNKS = 60
const STREAM_CHUNK_MS = 100

/**
 * Loads the gateway while it is being changed: loops that keep their connection, loops that open a new connection for
 * each request, and long streams. `stop` waits for requests that have begun, and returns the counts.
 */
export function startLoad(server: RigServer, apiKey: string): { stop(): Promise<LoadResult> } {
  const result: LoadResult = { requests: 0, streams: 0, failures: [], releases: new Set() }
  const origin = `https://${domainOf(server)}`
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  const kept = agentFor(server)
  let running = true

  async function attempt(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      result.failures.push(`${what}: ${error instanceof Error ? error.message : error}`)
    }
  }

  async function loop(what: string, action: () => Promise<void>): Promise<void> {
    while (running) {
      await attempt(what, action)
      await delay(PAUSE_MS)
    }
  }

  async function get(dispatcher: Agent): Promise<void> {
    const answer = await request(`${origin}/health`, { dispatcher })
    const text = await answer.body.text()
    if (answer.statusCode !== 200 || !text.includes('"ok"')) {
      throw new Error(`${answer.statusCode} ${text.slice(0, 80)}`)
    }
    result.releases.add(String(answer.headers['x-ai-proxy-release']))
    result.requests++
  }

  async function getOnNewConnection(): Promise<void> {
    const agent = agentFor(server, { pipelining: 0 })
    await get(agent).finally(() => agent.close())
  }

  async function post(): Promise<void> {
    const id = `request ${result.requests} ${Math.random()}`
    const body = JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: id }] })
    const answer = await request(`${origin}/v1/chat/completions`, { dispatcher: kept, method: 'POST', headers, body })
    const text = await answer.body.text()
    if (answer.statusCode !== 200 || !text.includes(id)) throw new Error(`${answer.statusCode} ${text.slice(0, 80)}`)
    result.requests++
  }

  /** A model that answers at once, and a slow one. */
  const echoed = () => stream('echo', 'one two three', 3)
  const slow = () => stream('gpt-4o', `mock/slow-${STREAM_CHUNK_MS}x${STREAM_CHUNKS}`, STREAM_CHUNKS)

  async function stream(model: string, content: string, minChunks: number): Promise<void> {
    const body = JSON.stringify({ model, stream: true, messages: [{ role: 'user', content }] })
    const answer = await request(`${origin}/v1/chat/completions`, { dispatcher: kept, method: 'POST', headers, body })
    const text = await answer.body.text()
    const chunks = text.split('\n').filter((line) => line.startsWith('data: {')).length
    const isComplete = text.trimEnd().endsWith('[DONE]') && chunks >= minChunks && !text.includes('"error"')
    if (answer.statusCode !== 200 || !isComplete) {
      throw new Error(`${answer.statusCode}, ${chunks} chunks, ...${text.slice(-120)}`)
    }
    if (model !== 'echo') result.streams++
    result.requests++
  }

  const loops = [
    ...Array.from({ length: 3 }, () => loop('GET', () => get(kept))),
    ...Array.from({ length: 2 }, () => loop('GET, new connection', getOnNewConnection)),
    ...Array.from({ length: 2 }, () => loop('POST', post)),
    ...Array.from({ length: 6 }, () => loop('stream', slow)),
    loop('stream of echo', echoed),
  ]
  return {
    async stop() {
      running = false
      await Promise.all(loops)
      await kept.close()
      return result
    },
  }
}
