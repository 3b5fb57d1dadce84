import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { chat, chunksOf, startGateway } from '../../../helpers/gateway/gateway.ts'
import { chunk, DONE, event, startRawUpstream } from '../../../helpers/gateway/raw-upstream.ts'

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n'
const UNTIL_CLOSED = `${HEAD}connection: close\r\n\r\n`
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`
const LAST_PIECE = '0\r\n\r\n'
const ONE = chunk({ content: 'one ' })
const ENDED = chunk({ content: 'two' }, 'stop')
const BLOCKED = event({ choices: [], created: 1, model: 'm', usage: { prompt_tokens: 7, total_tokens: 7 } })

function piece(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}

/** Google sends these bytes one after the other, and ends the connection. */
async function ask(pieces: string[], end: 'closed' | 'reset' = 'closed') {
  const upstream = await startRawUpstream(async (socket) => {
    for (const bytes of pieces) {
      socket.write(bytes)
      await sleep(50)
    }
    if (end === 'reset') socket.resetAndDestroy()
    else socket.end()
  })
  const gateway = await startGateway({
    environment: { GEMINI_API_KEY: 'google-key', GEMINI_BASE_URL: upstream.url },
    mappings: { g: 'gemini:g' },
  })
  const { text } = await gateway.post(chat('g', { stream: true }))
  const [record] = await gateway.records(1)
  const content = chunksOf(text).map(({ choices }) => choices?.[0]?.delta.content ?? '')
  return { text, content: content.join(''), isDone: text.endsWith(DONE), record }
}

test.for([
  ['a reset', [CHUNKED, piece(ONE), piece(ENDED)], 'reset'],
  ['a reset inside the next event', [CHUNKED, piece(ONE), piece(`${ENDED}data: {"us`)], 'reset'],
  ['an end that the framing did not announce', [CHUNKED, piece(ONE), piece(ENDED)], 'closed'],
  ['the end of the connection', [UNTIL_CLOSED, ONE, ENDED], 'closed'],
  [
    'a last event without its blank line',
    [CHUNKED, piece(ONE), piece(`${ENDED}data: {"choices":[]}\n`), LAST_PIECE],
    'closed',
  ],
] as const)('a whole answer that waits to be sent is not lost at %s', async ([, pieces, end]) => {
  const { content, isDone, record } = await ask([...pieces], end)
  expect([content, isDone]).toEqual(['one two', true])
  expect(record).toMatchObject({ outcome: 'ok', finish_reason: 'stop' })
})

test.for([
  ['the mark of the end', [UNTIL_CLOSED, BLOCKED, DONE]],
  ['the end of a body whose pieces are counted', [CHUNKED, piece(BLOCKED), LAST_PIECE]],
  ['the end of a body of known length', [`${HEAD}content-length: ${BLOCKED.length}\r\n\r\n`, BLOCKED]],
] as const)('an answer without choices gets one at %s', async ([, pieces]) => {
  const { text, isDone, record } = await ask([...pieces])
  expect(text).toContain('"finish_reason":"content_filter"')
  expect(isDone).toBe(true)
  expect(record?.outcome).toBe('ok')
})

test.for([
  ['the end of the connection', [UNTIL_CLOSED, BLOCKED], 'closed'],
  ['a reset', [CHUNKED, piece(BLOCKED)], 'reset'],
] as const)('an answer without choices is not completed at %s', async ([, pieces, end]) => {
  const { text, record } = await ask([...pieces], end)
  expect(text).not.toContain('content_filter')
  expect(text).not.toContain('[DONE]')
  expect(text).toContain('upstream_disconnected')
  expect(record?.outcome).toBe('upstream_truncated')
})

test('an error without choices gets no choice', async () => {
  const { text, record } = await ask([CHUNKED, piece(event({ detail: 'Something broke' })), LAST_PIECE])
  expect(text).not.toContain('content_filter')
  expect(record?.outcome).toBe('upstream_error')
})
