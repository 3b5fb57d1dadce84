import { applyEdits, type Edit, insertMember } from '../json/edit.ts'
import { elementsOf, type Slice, scanInnerObject, scanJsonObject, valueAt } from '../json/scan.ts'
import { type ApiProblem, errorJson } from '../problems.ts'
import { type Remember, signatureOf } from './gemini-signatures.ts'

export interface GeminiStreamOptions {
  /** The error in this JSON, if it is one. */
  problemIn: (json: Buffer) => ApiProblem | undefined
  remember: Remember
}

interface Choice {
  /** Ids of the calls so far; the place in the list is the call's index. */
  calls: string[]
  ended: boolean
}

/** What a line has that may need a change: nothing of it is in a chunk of plain text. */
const NEEDS_A_LOOK = /"(?:tool_calls|finish_reason|usage|error)"|^[[{]/m
const DATA = 'data:'
const ERROR = Buffer.from('"error"')
const CALL_MEMBERS = ['index', 'id', 'function', 'extra_content'] as const
const LINE_FEED = 0x0a
const QUOTE = 0x22
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b

/**
 * The chunks of one stream of Google's as OpenAI would send them: calls of tools are numbered, an answer that calls
 * tools says so at its end and ends once, and tokens are counted once. Bytes that are right already stay as they are.
 */
export class GeminiStream {
  readonly #options: GeminiStreamOptions
  readonly #choices = new Map<unknown, Choice>()
  /** Lines of an error so far; undefined while none is being told. */
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

  /** Where Google fails in the middle of a stream it goes on with JSON on lines of its own, which is no event. */
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
    // Counts are totals so far, but clients add them up; OpenAI sends them once, at the end.
    const goesOn = pieces.length > 0 && [...this.#choices.values()].some(({ ended }) => !ended)
    if (goesOn && usage && json[usage.start] === OPEN_BRACE) edits.push({ ...usage, text: 'null' })
    return edits
  }

  #choiceEdits(json: Buffer, start: number): Edit[] {
    const { index, delta, finish_reason: reason } = scanInnerObject(json, start, ['index', 'delta', 'finish_reason'])
    const choice = this.#choiceAt(valueAt(json, index) ?? 0)
    const calls = delta && scanInnerObject(json, delta.start, ['tool_calls']).tool_calls
    const edits = calls ? this.#callEdits(json, calls, choice) : []
    if (!reason || json[reason.start] !== QUOTE) return edits
    if (choice.ended) edits.push({ ...reason, text: 'null' })
    else if (choice.calls.length > 0 && valueAt(json, reason) === 'stop')
      edits.push({ ...reason, text: '"tool_calls"' })
    choice.ended = true
    return edits
  }

  #choiceAt(index: unknown): Choice {
    const known = this.#choices.get(index)
    if (known) return known
    const choice = { calls: [], ended: false }
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

/** Another id is another call; without an id it is one if it is named, and else goes on with the last one. */
function indexOfCall(ids: string[], id: unknown, isNamed: boolean): number {
  if (typeof id === 'string' && id !== '') {
    const known = ids.indexOf(id)
    return known === -1 ? ids.length : known
  }
  return isNamed || ids.length === 0 ? ids.length : ids.length - 1
}
