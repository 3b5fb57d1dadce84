import { LINE_FEED, OPEN_BRACE, OPEN_BRACKET, QUOTE } from '../../../kit/ascii.ts'
import { isObject } from '../../../kit/json.ts'
import { errorIn } from '../../apis/json-facts.ts'
import { applyEdits, type Edit, insertMember } from '../../json/edit.ts'
import { type Json, parseJson } from '../../json/parse.ts'
import { elementsOf, type Slice, scanInnerObject, scanJsonObject, valueAt } from '../../json/scan.ts'
import { type ApiProblem, errorJson } from '../../problems.ts'
import { CallNumbers } from './call-numbers.ts'
import { type Remember, signatureOf } from './gemini-signatures.ts'
import { closingEvent } from './unanswered.ts'

export interface GeminiStreamOptions {
  /** The error in this JSON, if it is one. */
  problemIn: (json: Buffer) => ApiProblem | undefined
  remember: Remember
}

interface Choice {
  calls: CallNumbers
  hasEnded: boolean
}

/** Matches lines that may need a change; chunks of plain text never match. */
const NEEDS_A_LOOK = /"(?:tool_calls|finish_reason|usage|error)"|^[[{]/m
const DATA = 'data:'
const ERROR = Buffer.from('"error"')
const CALL_MEMBERS = ['index', 'id', 'function', 'extra_content'] as const

/**
 * Changes the chunks of one stream of Google's to those that OpenAI would send: tool calls are numbered, an answer with
 * tool calls says so at its end and ends once, and tokens are reported once. Bytes that are correct stay unchanged.
 */
export class GeminiStream {
  readonly #options: GeminiStreamOptions
  readonly #choices = new Map<unknown, Choice>()
  /** Lines of an error so far; undefined outside an error. */
  #error: Buffer | undefined
  /**
   * A chunk with content that says that its choice ends, and the lines after it. Some models say so in every chunk, so it
   * waits until the next chunk shows whether the choice has ended.
   */
  #ending: { choice: unknown; lines: Buffer[] } | undefined
  /** The last chunk of a stream that has no choice so far. */
  #unanswered: Json | undefined
  #hasFailed = false

  constructor(options: GeminiStreamOptions) {
    this.#options = options
  }

  /** Takes whole lines. */
  rewrite(lines: Buffer): Buffer {
    const mayPass = !this.#error && !this.#ending && this.#choices.size > 0
    if (mayPass && !NEEDS_A_LOOK.test(lines.toString('latin1'))) return lines
    const out: Buffer[] = []
    for (let start = 0; start < lines.length; ) {
      const lineFeed = lines.indexOf(LINE_FEED, start)
      const end = lineFeed === -1 ? lines.length : lineFeed + 1
      out.push(...this.#rewriteLine(lines.subarray(start, end)))
      start = end
    }
    const [only] = out
    return only && out.length === 1 ? only : Buffer.concat(out)
  }

  /** The stream has ended after these lines: an answer without choices gets one that says why. */
  end(lines: Buffer): Buffer {
    return Buffer.concat([this.rewrite(lines), ...this.#close()])
  }

  /** The stream may have been cut after these lines. */
  cut(lines: Buffer): Buffer {
    return Buffer.concat([this.rewrite(lines), ...this.#release([])])
  }

  #rewriteLine(line: Buffer): Buffer[] {
    const data = line.toString('utf8', 0, DATA.length) === DATA ? line.toString('utf8', DATA.length).trim() : undefined
    if (data === '[DONE]') return [...this.#close(), line]
    const chunk = data === undefined ? undefined : parseJson(data)
    const choices = isObject(chunk) ? listOf(chunk['choices']).filter(isObject) : []
    const released = data === undefined ? [] : this.#release(choices)
    const shown = applyEdits(line, this.#lineEdits(line))
    if (isObject(chunk) && this.#choices.size === 0 && errorIn(chunk) === undefined) this.#unanswered = chunk
    const ended = choices.find((choice) => hasContent(choice) && hasReason(choice))
    if (ended) this.#ending = { choice: ended['index'] ?? 0, lines: [] }
    if (!this.#ending) return [...released, shown]
    this.#ending.lines.push(shown)
    return released
  }

  /** What waited for these choices of the next chunk. */
  #release(next: readonly Json[]): Buffer[] {
    if (!this.#ending) return []
    const { choice, lines } = this.#ending
    this.#ending = undefined
    const continues = next.some((one) => (one['index'] ?? 0) === choice && (hasContent(one) || hasReason(one)))
    if (!continues) return lines
    this.#choiceAt(choice).hasEnded = false
    const [first = Buffer.alloc(0), ...rest] = lines
    return [applyEdits(first, shifted(openEdits(first.subarray(DATA.length)), DATA.length)), ...rest]
  }

  #close(): Buffer[] {
    const lines = this.#release([])
    const isUnanswered = this.#choices.size === 0 && !this.#hasFailed
    if (isUnanswered && this.#unanswered) lines.push(Buffer.from(closingEvent(this.#unanswered)))
    this.#unanswered = undefined
    return lines
  }

  #lineEdits(line: Buffer): Edit[] {
    const isData = line.toString('latin1', 0, DATA.length) === DATA
    if (isData) this.#error = undefined
    if (this.#error || line[0] === OPEN_BRACKET || line[0] === OPEN_BRACE) return [this.#continueError(line)]
    if (!isData) return []
    const json = line.subarray(DATA.length)
    const problem = json.includes(ERROR) ? this.#problemIn(json) : undefined
    if (problem) return [{ start: 0, end: line.length, text: `data: ${errorJson(problem)}\n` }]
    return shifted(this.#editsOf(json), DATA.length)
  }

  #problemIn(json: Buffer): ApiProblem | undefined {
    const problem = this.#options.problemIn(json)
    if (problem) this.#hasFailed = true
    return problem
  }

  /** If Google fails in the middle of a stream, it sends plain lines of JSON, which are not an event. */
  #continueError(line: Buffer): Edit {
    this.#error = Buffer.concat([this.#error ?? Buffer.alloc(0), line])
    const problem = /[\]}]\s*$/.test(line.toString('latin1')) ? this.#problemIn(this.#error) : undefined
    if (problem) this.#error = undefined
    return { start: 0, end: line.length, text: problem ? `data: ${errorJson(problem)}\n\n` : '' }
  }

  #editsOf(json: Buffer): Edit[] {
    const { choices, usage } = scanJsonObject(json, ['choices', 'usage']) ?? {}
    const pieces = choices ? [...elementsOf(json, choices.start)] : []
    const edits = pieces.flatMap(({ start }) => this.#choiceEdits(json, start))
    // Google's counts are totals so far, but clients add them up; OpenAI sends them once, at the end.
    const continues = pieces.length > 0 && [...this.#choices.values()].some(({ hasEnded }) => !hasEnded)
    if (continues && usage && json[usage.start] === OPEN_BRACE) edits.push({ ...usage, text: 'null' })
    return edits
  }

  #choiceEdits(json: Buffer, start: number): Edit[] {
    const { index, delta, finish_reason: reason } = scanInnerObject(json, start, ['index', 'delta', 'finish_reason'])
    const choice = this.#choiceAt(valueAt(json, index) ?? 0)
    const calls = delta && scanInnerObject(json, delta.start, ['tool_calls']).tool_calls
    const edits = calls ? this.#callEdits(json, calls, choice) : []
    if (!reason || json[reason.start] !== QUOTE) return edits
    const hasStoppedForCalls = choice.calls.size > 0 && valueAt(json, reason) === 'stop'
    if (choice.hasEnded) edits.push({ ...reason, text: 'null' })
    else if (hasStoppedForCalls) edits.push({ ...reason, text: '"tool_calls"' })
    choice.hasEnded = true
    return edits
  }

  #choiceAt(index: unknown): Choice {
    const known = this.#choices.get(index)
    if (known) return known
    const choice = { calls: new CallNumbers(), hasEnded: false }
    this.#choices.set(index, choice)
    return choice
  }

  #callEdits(json: Buffer, pieces: Slice, { calls }: Choice): Edit[] {
    return [...elementsOf(json, pieces.start)].flatMap(({ start }) => {
      const piece = scanInnerObject(json, start, CALL_MEMBERS)
      if (Object.keys(piece).length === 0) return []
      const name = piece.function && scanInnerObject(json, piece.function.start, ['name']).name
      const given = valueAt(json, piece.index)
      const { id, index } = calls.callOf({ id: valueAt(json, piece.id), given, hasName: name !== undefined })
      const signature = signatureOf(valueAt(json, piece.extra_content))
      if (signature && id) this.#options.remember(id, signature)
      if (given === index) return []
      return piece.index ? { ...piece.index, text: String(index) } : insertMember(json, start, `"index":${index}`)
    })
  }
}

/** Takes the end out of a chunk of an answer that continues. */
function openEdits(json: Buffer): Edit[] {
  const { choices, usage } = scanJsonObject(json, ['choices', 'usage']) ?? {}
  const reasons = choices
    ? [...elementsOf(json, choices.start)].flatMap(
        ({ start }) => scanInnerObject(json, start, ['finish_reason']).finish_reason ?? [],
      )
    : []
  const counts = usage && json[usage.start] === OPEN_BRACE ? [usage] : []
  return [...reasons, ...counts].map((slice) => ({ ...slice, text: 'null' }))
}

function hasContent({ delta }: Json): boolean {
  return isObject(delta) && (Boolean(delta['content']) || listOf(delta['tool_calls']).length > 0)
}

function hasReason({ finish_reason: reason }: Json): boolean {
  return typeof reason === 'string' && reason !== ''
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function shifted(edits: Edit[], by: number): Edit[] {
  return edits.map(({ start, end, text }) => ({ start: start + by, end: end + by, text }))
}
