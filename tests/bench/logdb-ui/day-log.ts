import { closeSync, openSync, writeSync } from 'node:fs'
import type { LogRecord } from '../../../kit/log-record.ts'
import { chat, completion, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { type Random, seededRandom } from '../../helpers/random.ts'
import { vocabulary, word } from '../logdb/short-requests.ts'

/** How much a day has. */
export interface DayScale {
  /** Single questions and answers, of about 0.5 KB. */
  shortRequests: number
  /** Conversations of 20 to 60 requests, each with all that was said before. */
  agentDialogs: number
}

const WORDS_OF_A_MESSAGE = 30
const WORDS_OF_A_FILE = 400
const WORDS_OF_A_PROMPT = 1000
const LEAST_TURNS = 20
const MORE_TURNS = 41
const LARGE_MESSAGES = 300
const LARGE_MESSAGE_BYTES = 3500
const EMBEDDING_SHARE = 20
const FAILED_SHARE = 50
const SLOW_SHARE = 2000
const US_PER_DAY = 86_400_000_000
const WRITE_BYTES = 4 * 1024 * 1024
const ENDPOINT = '/v1/chat/completions'
/** The first ones are asked most. */
const MODELS = [
  ['openrouter', 'gpt-4o'],
  ['openrouter', 'gpt-4o-mini'],
  ['anthropic', 'claude-sonnet-4'],
  ['openrouter', 'deepseek-v3'],
  ['gemini', 'gemini-2.5-pro'],
  ['openrouter', 'llama-3.3-70b'],
  ['anthropic', 'claude-opus-4'],
  ['openrouter', 'qwen-3'],
] as const
const KEYS = Array.from({ length: 8 }, (_, index) => ({
  api_key_hash: `${index}`.repeat(16),
  api_key_name: `team-${index}`,
}))
const FAILURES = [429, 500, 502, 400]
/** What one of them looks for: it is said once in each day. */
export const LARGE_QUESTION = 'needleofalargerequest'

/** Writes the log of a day. The same arguments give the same bytes. */
export function writeDay(path: string, date: string, scale: DayScale): void {
  const random = seededRandom(Date.parse(date) / 1000)
  const say = sayer(random)
  const file = openSync(path, 'w')
  let [waiting, waitingBytes]: [string[], number] = [[], 0]
  const write = (line: string) => {
    waiting.push(line)
    waitingBytes += line.length
    if (waitingBytes < WRITE_BYTES) return
    writeSync(file, waiting.join(''))
    ;[waiting, waitingBytes] = [[], 0]
  }
  let written = 0
  const total = scale.shortRequests + scale.agentDialogs * (LEAST_TURNS + MORE_TURNS / 2) + 1
  const stamp = () => {
    const index = written++
    return {
      timestamp: timestampAt(index, `${date}T00:00:00Z`, Math.floor(US_PER_DAY / (total * 1.1))),
      x_request_id: `${date}-${index}`,
    }
  }
  write(largeRequest(stamp(), say))
  const everyMany = Math.floor(scale.shortRequests / Math.max(1, scale.agentDialogs))
  for (let index = 0; index < scale.shortRequests; index++) {
    write(shortRequest({ ...stamp(), ...factsOf(random) }, random, say))
    const dialog = index / everyMany
    if (Number.isInteger(dialog) && dialog < scale.agentDialogs) {
      for (const line of agentDialog(`${date}-agent-${dialog}`, { random, say, stamp })) write(line)
    }
  }
  writeSync(file, waiting.join(''))
  closeSync(file)
}

type Say = (words: number) => string

/** The same words in all days. */
const WORDS = vocabulary(seededRandom(1))

/** Says this many words. */
export function sayer(random: Random): Say {
  return (count) => Array.from({ length: count }, () => word(WORDS, random)).join(' ')
}

type Stamp = () => Pick<LogRecord, 'timestamp' | 'x_request_id'>

function lineOf(fields: Partial<LogRecord>): string {
  return `${JSON.stringify(record(fields))}\n`
}

/** Which model, key and provider, how it ended, and how long it took. */
function factsOf(random: Random): Partial<LogRecord> {
  const rank = Math.floor(MODELS.length ** (random.below(1e6) / 1e6)) - 1
  const [provider, model] = MODELS[rank] ?? MODELS[0]
  const failed = random.below(FAILED_SHARE) === 0
  const ttfb = 200 + random.below(800)
  const latency = random.below(SLOW_SHARE) === 0 ? 60_000 + random.below(60_000) : ttfb + random.below(5000)
  const [tokensIn, tokensOut] = [40 + random.below(60), 40 + random.below(60)]
  const cost = provider === 'openrouter' ? { cost: (tokensIn + 4 * tokensOut) / 1e6 } : {}
  return {
    provider,
    model_original: model,
    model_mapped: `${provider}/${model}`,
    ...KEYS[Math.floor(KEYS.length ** (random.below(1e6) / 1e6)) - 1],
    stream: random.below(2) === 0,
    latency_ms: latency,
    ttfb_ms: ttfb,
    status_code: failed ? (FAILURES[random.below(FAILURES.length)] ?? 500) : 200,
    outcome: failed ? 'upstream_error' : 'ok',
    usage: { prompt_tokens: tokensIn, completion_tokens: tokensOut, ...cost },
    tokens_in: tokensIn,
    tokens_out: tokensOut,
  }
}

function shortRequest(fields: Partial<LogRecord>, random: Random, say: Say): string {
  const text = say(WORDS_OF_A_MESSAGE)
  if (random.below(EMBEDDING_SHARE) > 0) {
    return lineOf({ ...fields, request: chat(text), response: completion(say(WORDS_OF_A_MESSAGE)) })
  }
  const request = { model: 'text-embedding-3-small', input: text }
  return lineOf({ ...fields, endpoint: '/v1/embeddings', request, response: { object: 'list', data: [] } })
}

/** A conversation of 1 MB. */
function largeRequest(fields: Partial<LogRecord>, say: Say): string {
  const filler = say(LARGE_MESSAGE_BYTES / 6)
  const messages = Array.from({ length: LARGE_MESSAGES }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `${index} ${filler.slice(0, LARGE_MESSAGE_BYTES - index)}`,
  }))
  return lineOf({ ...fields, request: chat(LARGE_QUESTION, messages), response: completion(say(WORDS_OF_A_MESSAGE)) })
}

interface AgentTools {
  random: Random
  say: Say
  stamp: Stamp
}

/** The JSON of the messages so far is kept as a text: making it again for each turn takes most of the time. */
function* agentDialog(id: string, { random, say, stamp }: AgentTools): Generator<string> {
  const facts = factsOf(random)
  let history = JSON.stringify({ role: 'system', content: say(WORDS_OF_A_PROMPT) })
  const turns = LEAST_TURNS + random.below(MORE_TURNS)
  let call = ''
  for (let turn = 0; turn < turns; turn++) {
    const said = call === '' ? { role: 'user', content: say(WORDS_OF_A_MESSAGE) } : resultOf(call, say)
    history += `,${JSON.stringify(said)}`
    call = `call_${turn}_${random.below(1e9)}`
    const args = JSON.stringify({ path: `src/${say(1)}.ts`, content: say(WORDS_OF_A_MESSAGE) })
    const calls = [{ id: call, type: 'function', function: { name: 'edit', arguments: args } }]
    const answer = { role: 'assistant', content: say(WORDS_OF_A_MESSAGE), tool_calls: calls }
    const choices = [{ index: 0, message: answer, finish_reason: 'tool_calls' }]
    const empty = lineOf({ ...stamp(), ...facts, endpoint: ENDPOINT, dialog_id: id, request: 0, response: { choices } })
    yield empty.replace('"request":0', () => `"request":{"model":"gpt-4o","messages":[${history}],"temperature":0.7}`)
    history += `,${JSON.stringify(answer)}`
  }
}

function resultOf(call: string, say: Say) {
  return { role: 'tool', tool_call_id: call, content: say(WORDS_OF_A_FILE) }
}
