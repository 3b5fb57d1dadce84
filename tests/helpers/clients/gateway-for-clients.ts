import { join } from 'node:path'
import { expect } from 'vitest'
import type { LogRecord } from '../../../kit/log-record.ts'
import { atEndOfFile } from '../end-of-file.ts'
import { eventually, readRecords } from '../gateway/gateway.ts'
import { startProcess } from '../gateway/gateway-process.ts'
import { ANSWER } from '../gateway/mock-upstream/api.ts'
import { type MockRequest, type MockUpstream, startMockUpstream } from '../gateway/mock-upstream.ts'
import { type Block, clientBlocks } from './docs-page.ts'

export interface ClientGateway {
  url: string
  key: string
  upstream: MockUpstream
  /** What the provider answers. */
  words: string
  /** Those of docs/clients.md, for this gateway. */
  blocks: Block[]
  /** Runs this. Returns its result, what it made the provider get, and the records in the log: one for each. */
  exchangesOf: <T>(run: () => Promise<T>) => Promise<Exchanges & { result: T }>
}

interface Exchanges {
  requests: MockRequest[]
  records: LogRecord[]
}

const KEY = 'a-key-for-the-apps'

/** `npm start` with the packaged config.yml, in front of a mock of all providers; until the end of the test file. */
export async function startForClients(more: Record<string, string> = {}): Promise<ClientGateway> {
  const upstream = await startMockUpstream()
  atEndOfFile(upstream.close)
  upstream.mode = 'agent'
  const { url, cwd } = await startProcess({
    API_KEYS: `app:${KEY}`,
    OPENAI_API_KEY: 'key-at-openai',
    OPENAI_BASE_URL: `${upstream.url}/v1`,
    ANTHROPIC_API_KEY: 'key-at-anthropic',
    ANTHROPIC_BASE_URL: `${upstream.url}/v1`,
    ...more,
  })
  const logs = () => readRecords(join(cwd, 'logs'))
  const exchangesOf: ClientGateway['exchangesOf'] = async (run) => {
    const [requestsBefore, recordsBefore] = [upstream.requests.length, logs().length]
    const result = await run()
    const requests = upstream.requests.slice(requestsBefore).filter(({ method }) => method === 'POST')
    return { result, requests, records: await eventually(() => recordFor(requests, logs().slice(recordsBefore))) }
  }
  return { url, key: KEY, upstream, words: ANSWER, blocks: clientBlocks({ url, key: KEY }), exchangesOf }
}

function recordFor(requests: MockRequest[], records: LogRecord[]): LogRecord[] {
  expect(records).toHaveLength(requests.length)
  return records
}
