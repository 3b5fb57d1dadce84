import { closeSync, openSync, writeSync } from 'node:fs'
import { predecessorBlock, predecessorEvent, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { type Random, seededRandom } from '../../helpers/random.ts'

/** Single turn (~3 KB a record), chat (2 to 10 turns, ~10 KB), agent loops (20 to 60 turns, ~75 KB). */
export type CorpusKind = 'single' | 'chat' | 'agent'
export type CorpusFormat = 'jsonl' | 'predecessor'

interface Shape {
  turns: [least: number, most: number]
  /** Words of a question, an answer; for agents of a tool's output too. */
  questionWords: number
  answerWords: number
  /** How many conversations run at the same time. */
  interleaved: number
}

const SHAPES: Record<CorpusKind, Shape> = {
  single: { turns: [1, 1], questionWords: 170, answerWords: 140, interleaved: 1 },
  chat: { turns: [2, 10], questionWords: 70, answerWords: 150, interleaved: 8 },
  agent: { turns: [20, 60], questionWords: 80, answerWords: 50, interleaved: 4 },
}
const NOT_LATIN = [
  'привет',
  'сервер',
  'данные',
  '日本語',
  '数据库',
  '错误',
  'σφάλμα',
  'שלום',
  'مرحبا',
  'ошибка',
  '🙂',
  '文件',
]
const NOT_LATIN_SHARE = 100
const VOCABULARY = 20_000
const SYLLABLES = 'ta re mi lo ka ne su di or en al is ter con pro ver ing tion ment able'.split(' ')
const STEP_US = 2_000_003
const WRITE_BYTES = 4 * 1024 * 1024

interface Message {
  role: string
  content: string | null
  [name: string]: unknown
}

/**
 * Writes a log of about this size: every turn of every conversation with its whole history. The same arguments give the
 * same bytes. Returns how many bytes and records they are.
 */
export function writeCorpus(
  path: string,
  { kind, format, sizeBytes }: { kind: CorpusKind; format: CorpusFormat; sizeBytes: number },
): { bytes: number; records: number } {
  const file = openSync(path, 'w')
  try {
    let [bytes, records] = [0, 0]
    let waiting: string[] = []
    let waitingBytes = 0
    const flush = () => {
      writeSync(file, waiting.join(''))
      waiting = []
      waitingBytes = 0
    }
    for (const text of recordTexts(kind, format)) {
      waiting.push(text)
      const size = Buffer.byteLength(text)
      bytes += size
      waitingBytes += size
      records++
      if (waitingBytes >= WRITE_BYTES) flush()
      if (bytes >= sizeBytes) break
    }
    flush()
    return { bytes, records }
  } finally {
    closeSync(file)
  }
}

function* recordTexts(kind: CorpusKind, format: CorpusFormat): Generator<string> {
  const writer = new Writer(seededRandom(kind.length))
  const shape = SHAPES[kind]
  let index = 0
  const running: Iterator<Message[]>[] = []
  for (;;) {
    while (running.length < shape.interleaved) running.push(conversation(kind, shape, writer))
    const chosen = writer.random.below(running.length)
    const next = running[chosen]?.next()
    if (!next || next.done) running.splice(chosen, 1)
    else yield recordText(format, next.value, index++)
  }
}

/** Gives the messages of each turn, the answer last. */
function* conversation(
  kind: CorpusKind,
  { turns, questionWords, answerWords }: Shape,
  writer: Writer,
): Generator<Message[]> {
  const { random } = writer
  const [least, most] = turns
  const history: Message[] = []
  if (kind !== 'single') history.push({ role: 'system', content: SYSTEM_PROMPTS[kind] })
  const count = least + random.below(most - least + 1)
  for (let turn = 0; turn < count; turn++) {
    if (kind === 'agent' && turn > 0) history.push(toolResult(history.at(-1), writer))
    else history.push({ role: 'user', content: writer.prose(questionWords) })
    const answer = kind === 'agent' ? toolCall(turn, writer) : { role: 'assistant', content: writer.prose(answerWords) }
    yield [...history, answer]
    history.push(answer)
  }
}

function toolCall(turn: number, writer: Writer): Message {
  const args = JSON.stringify({ path: `src/${writer.word()}.ts`, content: writer.code(6) })
  const call = {
    id: `call_${turn}_${writer.random.below(1e9)}`,
    type: 'function',
    function: { name: 'edit', arguments: args },
  }
  return { role: 'assistant', content: writer.prose(40), tool_calls: [call] }
}

function toolResult(call: Message | undefined, writer: Writer): Message {
  const [first] = (call?.['tool_calls'] ?? []) as { id: string }[]
  return { role: 'tool', tool_call_id: first?.id, content: writer.code(40) }
}

function recordText(format: CorpusFormat, messages: Message[], index: number): string {
  const answer = messages.at(-1)
  const response = {
    id: `chatcmpl-${index}`,
    object: 'chat.completion',
    created: 1757462400 + index,
    model: 'openai/gpt-4o',
    choices: [{ index: 0, message: answer, finish_reason: 'stop' }],
    usage: { prompt_tokens: 100 + index, completion_tokens: 50, total_tokens: 150 + index },
  }
  const request = { model: 'gpt-4o', messages: messages.slice(0, -1), temperature: 0.7, stream: false }
  const timestamp = timestampAt(index, '2025-09-10T00:00:00Z', STEP_US)
  if (format === 'jsonl') {
    return `${JSON.stringify(record({ timestamp, x_request_id: `req-${index}`, request, response }))}\n`
  }
  return predecessorBlock(predecessorEvent({ timestamp, request: { ...request, _original_model: 'gpt-4o' }, response }))
}

/** Words by Zipf's law, one in a hundred not Latin, and lines that look like code. */
class Writer {
  readonly random: Random
  readonly #words: string[]

  constructor(random: Random) {
    this.random = random
    this.#words = Array.from({ length: VOCABULARY }, () => {
      return Array.from({ length: 1 + random.below(4) }, () => SYLLABLES[random.below(SYLLABLES.length)]).join('')
    })
  }

  word(): string {
    if (this.random.below(NOT_LATIN_SHARE) === 0) return NOT_LATIN[this.random.below(NOT_LATIN.length)] ?? ''
    const rank = Math.floor(VOCABULARY ** (this.random.below(1e6) / 1e6)) - 1
    return this.#words[rank] ?? ''
  }

  /** Half to one and a half times as many words. */
  prose(words: number): string {
    const count = Math.ceil(words / 2) + this.random.below(words)
    const parts = Array.from({ length: count }, (_, index) => this.word() + (index % 12 === 11 ? '.\n' : ' '))
    return parts.join('').trim()
  }

  code(lines: number): string {
    const line = () =>
      `  const ${this.word()} = ${this.word()}("${this.word()}", { ${this.word()}: ${this.random.below(100)} })`
    const count = Math.ceil(lines / 2) + this.random.below(lines)
    return Array.from({ length: count }, line).join('\n')
  }
}

const promptWriter = new Writer(seededRandom(1))
const SYSTEM_PROMPTS = { chat: promptWriter.prose(300), agent: promptWriter.prose(1000) }
