import { OPEN_BRACE } from '../../../kit/ascii.ts'
import { isObject } from '../../../kit/json.ts'
import { applyEdits, type Edit, insertMember } from '../../json/edit.ts'
import { elementsOf, type Slice, scanInnerObject, valueAt } from '../../json/scan.ts'

/**
 * Gemini 3 and later refuse a request that repeats a tool call without the signature that came with the call, and most
 * clients drop members that they do not know. So the gateway remembers signatures by the id of the call and restores
 * them. For an unknown call it sends this value of Google's: https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const SKIP_CHECK = 'skip_thought_signature_validator'
const FIRST_CHECKING_VERSION = 3
const MODEL = /^(?:models\/)?gemini-(?:(\d+)|(?:pro|flash|flash-lite)-latest$)/
const TOOL_CALLS = Buffer.from('"tool_calls"')
const SIGNATURE_MEMBER = 'thought_signature'
/** The bytes that every answer with a signature contains. */
export const SIGNATURE = Buffer.from(`"${SIGNATURE_MEMBER}"`)
const CALL_MEMBERS = ['id', 'function', 'extra_content'] as const
const MAX_ENTRIES = 10_000
const MAX_BYTES = 16 * 2 ** 20

/** Keeps the signature of a tool call. */
export type Remember = (callId: string, signature: string) => void
type Recall = (callId: string) => string | undefined

/** Signatures by call; the least recently used ones are forgotten when there are too many. */
export class SignatureMemory {
  readonly #signatures = new Map<string, string>()
  #bytes = 0

  get(call: string): string | undefined {
    const signature = this.#signatures.get(call)
    if (signature !== undefined) this.set(call, signature)
    return signature
  }

  set(call: string, signature: string): void {
    this.#forget(call)
    this.#signatures.set(call, signature)
    this.#bytes += sizeBytes(call, signature)
    for (const oldest of this.#signatures.keys()) {
      if (this.#signatures.size <= MAX_ENTRIES && this.#bytes <= MAX_BYTES) break
      this.#forget(oldest)
    }
  }

  #forget(call: string): void {
    const signature = this.#signatures.get(call)
    if (signature === undefined) return
    this.#signatures.delete(call)
    this.#bytes -= sizeBytes(call, signature)
  }
}

/** Both are ASCII: one byte for each character. */
function sizeBytes(call: string, signature: string): number {
  return call.length + signature.length
}

/** Whether this model of Google's refuses calls without their signature. */
export function checksSignatures(model: string): boolean {
  const match = MODEL.exec(model)
  return match !== null && Number(match[1] ?? FIRST_CHECKING_VERSION) >= FIRST_CHECKING_VERSION
}

/** The signature in the `extra_content` of a call. */
export function signatureOf(extraContent: unknown): string | undefined {
  const google = isObject(extraContent) ? extraContent['google'] : undefined
  const signature = isObject(google) ? google[SIGNATURE_MEMBER] : undefined
  return typeof signature === 'string' && signature !== '' ? signature : undefined
}

/** A request with a signature at each call that needs one; the same bytes if none has to be added. */
export function restoreSignatures(body: Buffer, recall: Recall): Buffer {
  if (!body.includes(TOOL_CALLS)) return body
  const { messages } = scanInnerObject(body, body.indexOf(OPEN_BRACE), ['messages'])
  const edits: Edit[] = []
  for (const message of messages ? elementsOf(body, messages.start) : []) {
    if (!body.subarray(message.start, message.end).includes(TOOL_CALLS)) continue
    const calls = scanInnerObject(body, message.start, ['tool_calls']).tool_calls
    if (calls) for (const edit of signedCalls(body, calls, recall)) edits.push(edit)
  }
  return applyEdits(body, edits)
}

/** Of calls in one message only the first has a signature. */
function signedCalls(body: Buffer, calls: Slice, recall: Recall): Edit[] {
  return [...elementsOf(body, calls.start)].flatMap(({ start }, at) => {
    const { id, function: called, extra_content: given } = scanInnerObject(body, start, CALL_MEMBERS)
    if ((!id && !called) || signatureOf(valueAt(body, given))) return []
    const callId = valueAt(body, id)
    const known = typeof callId === 'string' ? recall(callId) : undefined
    const signature = known ?? (at === 0 ? SKIP_CHECK : undefined)
    return signature === undefined
      ? []
      : setMember(body, start, ['extra_content', 'google', SIGNATURE_MEMBER], signature)
  })
}

/** Sets the member at this path below the object at `start`, with the objects that are missing; other bytes stay. */
function setMember(json: Buffer, start: number, [name, ...below]: [string, ...string[]], text: string): Edit {
  const [next, ...rest] = below
  const given = scanInnerObject(json, start, [name])[name]
  if (next !== undefined && given && json[given.start] === OPEN_BRACE) {
    return setMember(json, given.start, [next, ...rest], text)
  }
  const value = below.reduceRight((inner, key) => `{${JSON.stringify(key)}:${inner}}`, JSON.stringify(text))
  return given ? { ...given, text: value } : insertMember(json, start, `${JSON.stringify(name)}:${value}`)
}
