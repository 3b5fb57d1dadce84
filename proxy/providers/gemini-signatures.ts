import { applyEdits, type Edit, insertMember } from '../json-edit.ts'
import { elementsOf, type Slice, scanInnerObject, valueAt } from '../json-scan.ts'
import { isObject, type Json } from '../log/json.ts'

/**
 * From Gemini 3 on a request is refused if it repeats a call of a tool without the signature that came with the call,
 * and most clients drop what they do not know. So signatures are remembered by the call's id and put back; for a call
 * that is not remembered there is Google's way out: https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const SKIP_CHECK = 'skip_thought_signature_validator'
const FIRST_CHECKING_VERSION = 3
const MODEL = /^(?:models\/)?gemini-(?:(\d+)|(?:pro|flash|flash-lite)-latest$)/
const TOOL_CALLS = Buffer.from('"tool_calls"')
export const SIGNATURE = Buffer.from('"thought_signature"')
const CALL_MEMBERS = ['id', 'function', 'extra_content'] as const
const OPEN_BRACE = 0x7b
const MAX_ENTRIES = 10_000
const MAX_BYTES = 16 * 2 ** 20

export type Remember = (callId: string, signature: string) => void
type Recall = (callId: string) => string | undefined

/** Signatures by call, the least recently used of which are forgotten. */
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

/** Both are ASCII, which takes a byte a character. */
function sizeBytes(call: string, signature: string): number {
  return call.length + signature.length
}

export function checksSignatures(model: string): boolean {
  const match = MODEL.exec(model)
  return match !== null && Number(match[1] ?? FIRST_CHECKING_VERSION) >= FIRST_CHECKING_VERSION
}

/** Of a call's `extra_content`. */
export function signatureOf(extraContent: unknown): string | undefined {
  const google = isObject(extraContent) ? extraContent['google'] : undefined
  const signature = isObject(google) ? google['thought_signature'] : undefined
  return typeof signature === 'string' && signature !== '' ? signature : undefined
}

/** A request with a signature at each call that needs one; the same bytes where there is none to add. */
export function restoreSignatures(body: Buffer, recall: Recall): Buffer {
  if (!body.includes(TOOL_CALLS)) return body
  const { messages } = scanInnerObject(body, body.indexOf(OPEN_BRACE), ['messages'])
  const edits: Edit[] = []
  for (const message of messages ? elementsOf(body, messages.start) : []) {
    if (!body.subarray(message.start, message.end).includes(TOOL_CALLS)) continue
    const calls = scanInnerObject(body, message.start, ['tool_calls']).tool_calls
    if (calls) edits.push(...signedCalls(body, calls, recall))
  }
  return applyEdits(body, edits)
}

/** Of calls that were made together only the first has a signature. */
function signedCalls(body: Buffer, calls: Slice, recall: Recall): Edit[] {
  return [...elementsOf(body, calls.start)].flatMap(({ start }, at) => {
    const { id, function: called, extra_content: given } = scanInnerObject(body, start, CALL_MEMBERS)
    const extra = valueAt(body, given)
    if ((!id && !called) || signatureOf(extra)) return []
    const signature = recall(String(valueAt(body, id))) ?? (at === 0 ? SKIP_CHECK : undefined)
    if (signature === undefined) return []
    const text = JSON.stringify(withSignature(isObject(extra) ? extra : {}, signature))
    return given ? { ...given, text } : insertMember(start, `"extra_content":${text}`)
  })
}

function withSignature(extra: Json, signature: string): Json {
  const google = isObject(extra['google']) ? extra['google'] : {}
  return { ...extra, google: { ...google, thought_signature: signature } }
}
