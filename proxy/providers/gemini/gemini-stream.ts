import { LINE_FEED, OPEN_BRACE, OPEN_BRACKET, QUOTE } from '../../../kit/ascii.ts'
import { applyEdits, type Edit, insertMember } from '../../json/edit.ts'
import { elementsOf, type Slice, scanInnerObject, scanJsonObject, valueAt } from '../../json/scan.ts'
import { type ApiProblem, errorJson } from '../../problems.ts'
import { type Remember, signatureOf } from './gemini-signatures.ts'

export interface GeminiStreamOptions {
  /** The error in this JSON, if it is one. */
  problemIn: (json: Buffer) => ApiProblem | undefined
  remember: Remember
}

interface Choice {
  /** Ids of the calls so far; the position in the list is the index of the call. */
  calls: string[]
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

  constructor(options: GeminiStreamOptions) {
    this.#options = options
  }

  /** Takes whole lines. */
  rewrite(lines: Buffer): Buffer {
    if (!this.#error && !NEEDS_A_LOOK.test(lines.toString('latin1'))) return lines
    const edits: Edit[] = []
    for (let start = 0; start < lines.length; ) {
      const lineFeed = lines.indexOf(LINE_FEED, start)
      const end = lineFeed === -1 ? lines.length : lineFeed + 1
      for (const edit of shifted(this.#lineEdits(lines.subarray(start, end)), start)) edits.push(edit)
      start = end
    }
    return applyEdits(lines, edits)
  }

  #lineEdits(line: Buffer): Edit[] {
    const isData = line.toString('latin1', 0, DATA.length) === DATA
    if (isData) this.#error = undefined
    if (this.#error || line[0] === OPEN_BRACKET || line[0] === OPEN_BRACE) return [this.#continueError(line)]
    if (!isData) return []
    const json = line.subarray(DATA.length)
    const problem = json.includes(ERROR) ? this.#options.problemIn(json) : undefined
    if (problem) return [{ start: 0, end: line.length, text: `data: ${errorJson(problem)}\n` }]
    return shifted(this.#editsOf(json), DATA.length)
  }

  /** If Google fails in the middle of a stream, it sends plain lines of JSON, which are not an event. */
  #continueError(line: Buffer): Edit {
    this.#error = Buffer.concat([this.#error ?? Buffer.alloc(0), line])
    const problem = /[\]}]\s*$/.test(line.toString('latin1')) ? this.#options.problemIn(this.#error) : undefined
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
    const hasStoppedForCalls = choice.calls.length > 0 && valueAt(json, reason) === 'stop'
    if (choice.hasEnded) edits.push({ ...reason, text: 'null' })
    else if (hasStoppedForCalls) edits.push({ ...reason, text: '"tool_calls"' })
    choice.hasEnded = true
    return edits
  }

  #choiceAt(index: unknown): Choice {
    const known = this.#choices.get(index)
    if (known) return known
    const choice = { calls: [], hasEnded: false }
    this.#choices.set(index, choice)
    return choice
  }

  #callEdits(json: Buffer, calls: Slice, { calls: ids }: Choice): Edit[] {
    return [...elementsOf(json, calls.start)].flatMap(({ start }) => {
      const call = scanInnerObject(json, start, CALL_MEMBERS)
      const id = valueAt(json, call.id)
      const given = valueAt(json, call.index)
      const name = call.function && scanInnerObject(json, call.function.start, ['name']).name
      const index = typeof given === 'number' ? given : indexOfCall(ids, id, name !== undefined)
      if (index === ids.length) ids.push(typeof id === 'string' ? id : '')
      const signature = signatureOf(valueAt(json, call.extra_content))
      if (signature && ids[index]) this.#options.remember(ids[index], signature)
      return call.index || Object.keys(call).length === 0 ? [] : insertMember(json, start, `"index":${index}`)
    })
  }
}

function shifted(edits: Edit[], by: number): Edit[] {
  return edits.map(({ start, end, text }) => ({ start: start + by, end: end + by, text }))
}

/** Another id means another call. Without an id, a piece with a name is a new call; any other piece continues the last one. */
function indexOfCall(ids: string[], id: unknown, isNamed: boolean): number {
  if (typeof id === 'string' && id !== '') {
    const known = ids.indexOf(id)
    return known === -1 ? ids.length : known
  }
  return isNamed || ids.length === 0 ? ids.length : ids.length - 1
}
