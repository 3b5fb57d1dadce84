import type { Socket } from 'node:net'
import { expect } from 'vitest'
import { isObject } from '../../../kit/json.ts'
import type { LogRecord } from '../../../kit/log-record.ts'
import { type Random, seededRandom } from '../random.ts'
import { chat } from './gateway.ts'
import { type RawRequest, startBeforeRaw } from './raw-upstream.ts'

/** Both are configured, and both appear in errors of the provider. */
const KEYS = ['sk-random/upstream-key-1', 'sk-random/upstream-key-2'] as const
const ROUND = 100
const STATUSES = [
  200, 200, 200, 200, 200, 200, 201, 302, 400, 401, 402, 403, 404, 408, 422, 429, 500, 503, 529,
] as const
const EVENT_TYPES = ['text/event-stream', 'Text/Event-Stream; charset=utf-8', ''] as const
const JSON_TYPES = ['application/json', 'application/json; charset=utf-8', 'text/html', ''] as const
const TYPES = [...EVENT_TYPES, ...JSON_TYPES] as const
const WORDS = ['Hello', ' 🙂', ' "error"', ' [DONE]', '\n\n', ' data: x'] as const

interface Sent {
  /** The name of the model, which is different for each request. */
  model: string
  status: number
  /** As far as it was sent. */
  body: string
  isEventStream: boolean
  /** The body was sent to its end, in a way that shows that it ended. */
  isComplete: boolean
}

export interface RandomReport {
  requests: number
  outcomes: Record<string, number>
}

/**
 * Asks a gateway whose provider answers at random (any status, framing, content type, cut and order of events), and checks
 * after each round what must be true of every answer. The same seed gives the same requests.
 */
export async function askAtRandom(seed: number, isOver: (requests: number) => boolean): Promise<RandomReport> {
  const random = seededRandom(seed)
  const sent = new Map<string, Sent[]>()
  const { gateway } = await startBeforeRaw((socket, request) => answerAtRandom(socket, request, random, sent), {
    environment: { OPENAI_API_KEY: KEYS.join(',') },
    mappings: { 'random-*': 'openai:random-*' },
    config: { limits: { first_byte_timeout_s: 1, idle_timeout_s: 0.5 } },
  })
  const report: RandomReport = { requests: 0, outcomes: {} }
  const received = new Map<string, string>()
  while (!isOver(report.requests)) {
    const names = Array.from({ length: ROUND }, (_, at) => `random-${report.requests + at}`)
    await Promise.all(
      names.map(async (model) => {
        const stream = random.below(4) > 0
        const answer = await gateway.post(chat(model, { stream })).catch(() => undefined)
        received.set(model, answer ? `${answer.status} ${JSON.stringify(answer.headers)}\n\n${answer.text}` : 'broken')
      }),
    )
    report.requests += ROUND
    const records = (await gateway.records(report.requests)).slice(-ROUND)
    expect(records.map(({ model_original: model }) => model).sort()).toEqual([...names].sort())
    for (const record of records) {
      const model = String(record.model_original)
      check(record, received.get(model) ?? '', sent.get(model) ?? [])
      report.outcomes[record.outcome] = (report.outcomes[record.outcome] ?? 0) + 1
    }
    sent.clear()
    received.clear()
  }
  expect(gateway.running.size).toBe(0)
  expect(gateway.operatorLog.filter((line) => KEYS.some((key) => line.includes(key)))).toEqual([])
  return report
}

function check(record: LogRecord, received: string, sent: Sent[]): void {
  const context = JSON.stringify({ record, received, sent }, null, 1)
  const hasMark = /^data: ?\[DONE\]/m.test(received)
  const last = sent.at(-1)
  const answer = last && isAnswer(last, record.stream)
  for (const key of KEYS) expect(`${received}${JSON.stringify(record)}`, context).not.toContain(key)
  if (hasMark) expect(answer, `the mark of the end of a cut answer: ${context}`).toBe(true)
  if (record.outcome === 'ok') expect(answer, `ok for what was not: ${context}`).toBe(true)
  // A machine that is busy may not send everything in time.
  const isLate = received.includes('upstream_timeout')
  if (answer && last.isComplete && !isLate) expect(record.outcome, `not ok for what was: ${context}`).toBe('ok')
  if (record.stream && record.outcome === 'ok') expect(hasMark, context).toBe(true)
  if (record.outcome === 'upstream_truncated') expect(received, context).toMatch(/"error"|^broken$/)
  if (record.status_code >= 400) expect(record.outcome, context).toBe('upstream_error')
  expect(received, context).toMatch(received === 'broken' ? /^broken$/ : new RegExp(`^${record.status_code} `))
}

/** Judges what the provider meant, with other means than the gateway. */
function isAnswer({ status, body, isEventStream }: Sent, isStream: boolean): boolean {
  if (status >= 300) return false
  if (!isEventStream) return isObjectWithout(body, 'error')
  const events = body.split(/\r?\n\r?\n/).flatMap((text) => /^data: ?(.*)$/m.exec(text)?.[1] ?? [])
  const end = events.indexOf('[DONE]')
  const read = (end === -1 ? events : events.slice(0, end)).flatMap(parsed)
  const ended = read.findIndex(({ choices }) => Boolean(choices?.[0]?.finish_reason))
  const hasFailed = read.some(({ error }) => error !== undefined)
  const hasMore = read.slice(ended + 1).some(({ choices }) => Boolean(choices?.[0]?.delta.content))
  return isStream !== undefined && ended !== -1 && !hasFailed && (end !== -1 || !hasMore)
}

/** None if it is cut. */
function parsed(data: string): Chunk[] {
  try {
    return [JSON.parse(data)]
  } catch {
    return []
  }
}

interface Chunk {
  choices?: { delta: { content?: string }; finish_reason: string | null }[]
  error?: unknown
}

function isObjectWithout(json: string, member: string): boolean {
  try {
    const value: unknown = JSON.parse(json)
    return isObject(value) && !(member in value)
  } catch {
    return false
  }
}

function answerAtRandom(socket: Socket, { body, headers }: RawRequest, random: Random, all: Map<string, Sent[]>): void {
  const { model } = JSON.parse(body) as { model: string }
  const key = headers['authorization']?.slice('Bearer '.length) ?? ''
  const isStream = body.includes('"stream":true')
  const isGood = random.below(3) === 0
  const status = isGood ? 200 : random.pick(STATUSES)
  const type = isGood ? random.pick(isStream ? EVENT_TYPES : JSON_TYPES) : random.pick(TYPES)
  const isEventStream = type === '' ? isStream : /event-stream/i.test(type)
  const text = textAtRandom(random, key, { isGood, isEventStream: status < 300 && isEventStream })
  const cutAt = !isGood && random.below(4) === 0 ? random.below(Buffer.byteLength(text)) : undefined
  const shown = Buffer.from(text).subarray(0, cutAt).toString()
  all.set(model, [
    ...(all.get(model) ?? []),
    { model, status, body: shown, isEventStream, isComplete: cutAt === undefined },
  ])
  void send(socket, random, { status, text, type, key, cutAt })
}

function textAtRandom(
  random: Random,
  key: string,
  { isGood, isEventStream }: { isGood: boolean; isEventStream: boolean },
): string {
  if (isEventStream) return isGood ? goodEvents(random) : randomEvents(random, key)
  return isGood ? ANSWER : randomBody(random, key)
}

interface Form {
  status: number
  text: string
  type: string
  key: string
  /** Undefined if all is sent. */
  cutAt: number | undefined
}

async function send(socket: Socket, random: Random, { status, text, type, key, cutAt }: Form): Promise<void> {
  const bytes = Buffer.from(text)
  const framing = random.pick(['length', 'chunked', 'close'] as const)
  const limit = random.below(5) === 0 ? `x-ratelimit-key: ${key}\r\n` : ''
  const lines = [`HTTP/1.1 ${status} X\r\n`, type && `content-type: ${type}\r\n`, limit]
  const length = {
    length: `content-length: ${bytes.length}`,
    chunked: 'transfer-encoding: chunked',
    close: 'connection: close',
  }
  socket.setNoDelay(true).write(`${lines.join('')}${length[framing]}\r\n\r\n`)
  const shown = bytes.subarray(0, cutAt)
  for (let at = 0; at < shown.length; ) {
    const piece = shown.subarray(at, at + 1 + random.below(200))
    at += piece.length
    socket.write(
      framing === 'chunked'
        ? Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
        : piece,
    )
    if (random.below(8) === 0) await new Promise((resolve) => setTimeout(resolve, random.below(4)))
  }
  if (cutAt !== undefined) breakOff(socket, random)
  else if (framing === 'chunked') socket.write('0\r\n\r\n')
  else if (framing === 'close') socket.end()
}

function breakOff(socket: Socket, random: Random): void {
  const how = random.below(8)
  if (how < 4) socket.end()
  else if (how < 7) socket.resetAndDestroy()
  // Else the connection stays open, and silent.
}

const ANSWER = JSON.stringify({ id: 'c', choices: [{ index: 0, message: { content: 'Hi' }, finish_reason: 'stop' }] })

function randomBody(random: Random, key: string): string {
  return random.pick([
    ANSWER,
    ANSWER,
    JSON.stringify({ error: { message: `Consumer 'api_key:${key}'`, code: random.pick(STATUSES) } }),
    JSON.stringify({ error: `no credit on ${key}` }),
    JSON.stringify([{ error: { message: key, status: 'INVALID_ARGUMENT' } }]),
    `<html><title>${key}</title></html>`,
    `plain ${key}`,
    '',
  ])
}

function chunk(delta: object, reason: string | null): string {
  return `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`
}

/** The events of a whole answer, in their order. */
function goodEvents(random: Random): string {
  const none = random.pick([null, null, ''])
  const words = Array.from({ length: random.below(6) }, () => chunk({ content: random.pick(WORDS) }, none))
  const usage = random.below(2) === 0 ? `data: ${JSON.stringify({ choices: [], usage: { total_tokens: 3 } })}\n\n` : ''
  const comment = random.below(4) === 0 ? ': comment\n\n' : ''
  const done = random.below(6) > 0 ? 'data: [DONE]\n\n' : ''
  const events = [comment, chunk({ role: 'assistant' }, none), ...words, chunk({}, random.pick(['stop', 'length']))]
  const text = [...events, usage, done].join('')
  return random.below(4) === 0 ? text.replaceAll('\n', '\r\n') : text
}

/** Events in any order, which seldom make an answer. */
function randomEvents(random: Random, key: string): string {
  const piece = (delta: object) => chunk(delta, random.below(20) === 0 ? '' : null)
  const error = () => `data: ${JSON.stringify({ error: { message: `key ${key}`, code: random.pick(STATUSES) } })}\n\n`
  const events = [piece({ role: 'assistant' })]
  for (let words = random.below(6); words > 0; words--) events.push(piece({ content: random.pick(WORDS) }))
  if (random.below(6) > 0) events.push(chunk({}, random.pick(['stop', 'length'])))
  if (random.below(3) === 0) events.push(`data: ${JSON.stringify({ choices: [], usage: { total_tokens: 3 } })}\n\n`)
  if (random.below(5) > 0) events.push('data: [DONE]\n\n')
  for (let more = random.below(3); more > 0; more--) {
    const extra = random.pick([': comment\n\n', ': comment\n\n', error(), piece({ content: 'x' }), 'data: [DONE]\n\n'])
    events.splice(random.below(events.length + 1), 0, extra)
  }
  if (random.below(20) === 0) return random.pick(['', ': nothing\n\n', 'data: [DONE]\n\n'])
  const text = events.join('')
  return random.below(4) === 0 ? text.replaceAll('\n', '\r\n') : text
}
