import { COLON, QUOTE, SPACE } from '../../kit/ascii.ts'
import { parseJson } from '../json/parse.ts'
import type { Slice } from '../json/scan.ts'
import { contentDigest, hasBase64, readingBase64 } from './base64.ts'

/** The texts, numbers and switches that are next to a member in its object. */
type Siblings = Record<string, string>

/** Shorter texts are too likely to be something else. */
const MIN_LENGTH = 32
const UNKNOWN = 'application/octet-stream'
const AUDIO_FORMAT =
  /^(?:audio\/)?((?:x-)?(?:wave?|mp[34]|mpeg|mpga|flac|opus|oga|ogg|aac|aiff?|amr|m4a|webm|(?:l|pcm_?)16|pcm|g711_[au]law))$/i

/** Members that hold content as plain base64, each with its media type by its siblings; undefined if it is not content. */
const MEMBERS: Record<string, (siblings: Siblings) => string | undefined> = {
  data: dataType,
  result: ({ type, output_format: format = 'png' }) =>
    type === 'image_generation_call' ? `image/${format}` : undefined,
  partial_image_b64: ({ output_format: format = 'png' }) => `image/${format}`,
  b64_json: () => 'image/png',
  file_data: () => UNKNOWN,
}

/** Of Anthropic's sources, Google's and MCP's parts, audio of a request, and audio of an answer. */
function dataType(siblings: Siblings): string | undefined {
  const { type, media_type, mime_type, mimeType, format = '', transcript, expires_at } = siblings
  if (type === 'text') return undefined
  const named = media_type ?? mime_type ?? mimeType
  if (named !== undefined) return named
  const audio = AUDIO_FORMAT.exec(format)?.[1]
  if (audio !== undefined) return `audio/${audio}`
  return type === 'base64' || transcript !== undefined || expires_at !== undefined ? UNKNOWN : undefined
}

/** Pauses after this many names that were looked at. */
const NAMES_A_STEP = 1000

/** False for JSON without a text that could be base64. */
export function mayHoldContent(json: Buffer): boolean {
  return hasBase64(json, MIN_LENGTH)
}

/**
 * JSON with the base64 of images, documents and audio replaced by `data:<mime>;sha256=...;bytes=...`, where it is the value
 * of a member that APIs have for it. Yields after each step.
 */
export function* digestingMediaMembers(json: Buffer): Generator<void, Buffer> {
  if (!mayHoldContent(json)) return json
  let digested = json
  for (const [name, typeOf] of Object.entries(MEMBERS)) digested = yield* digestingMember(digested, `"${name}"`, typeOf)
  return digested
}

function* digestingMember(
  json: Buffer,
  name: string,
  typeOf: (siblings: Siblings) => string | undefined,
): Generator<void, Buffer> {
  const parts: Buffer[] = []
  let copied = 0
  let at = json.indexOf(name)
  for (let names = 1; at !== -1; names++) {
    if (names % NAMES_A_STEP === 0) yield
    const start = startOfText(json, at + name.length)
    const end = start === undefined ? -1 : json.indexOf(QUOTE, start)
    if (start !== undefined && end - start >= MIN_LENGTH) {
      const mime = mimeOf(json, { start: at, end: end + 1 }, typeOf)
      const content = mime === undefined ? undefined : yield* readingBase64(json, start)
      if (mime !== undefined && content?.end === end) {
        parts.push(json.subarray(copied, start), Buffer.from(JSON.stringify(contentDigest(mime, content)).slice(1, -1)))
        copied = end
      }
    }
    at = json.indexOf(name, Math.max(at + name.length, copied))
  }
  return copied === 0 ? json : Buffer.concat([...parts, json.subarray(copied)])
}

/** Most siblings are near; only for content that is large it is worth it to look farther. */
function mimeOf(json: Buffer, { start, end }: Slice, typeOf: (siblings: Siblings) => string | undefined) {
  const windows = end - start < LARGE_BYTES ? WINDOWS.slice(0, 1) : WINDOWS
  for (const window of windows) {
    const mime = typeOf({ ...siblingsBefore(json, start, window), ...siblingsAfter(json, end, window) })
    if (mime !== undefined) return mime
  }
  return undefined
}

/** The start of the text that is the value of a member whose name ends here; undefined if it is not a text. */
function startOfText(json: Buffer, nameEnd: number): number | undefined {
  const colon = afterSpace(json, nameEnd)
  if (json[colon] !== COLON) return undefined
  const quote = afterSpace(json, colon + 1)
  return json[quote] === QUOTE ? quote + 1 : undefined
}

function afterSpace(json: Buffer, start: number): number {
  let at = start
  while (at < json.length && (json[at] as number) <= SPACE) at++
  return at
}

const TEXT = String.raw`"(?:[^"\\]|\\.)*"`
/** An object or a list, in which there may be others, in which there may be others. */
const INNER = [1, 2].reduce(
  (inner) => String.raw`[{[](?:[^"{}[\]]|${TEXT}|${inner})*[}\]]`,
  String.raw`[{[](?:[^"{}[\]]|${TEXT})*[}\]]`,
)
/** A member whose value matters if it is a text, a number or a switch. */
const MEMBER = String.raw`\s*"(\w+)"\s*:\s*(?:(${TEXT})|([-+.\w]+)|${INNER})\s*`
const MEMBER_BEFORE = new RegExp(`${MEMBER},`, 'y')
const MEMBER_AFTER = new RegExp(String.raw`\s*,${MEMBER}`, 'y')
const LARGE_BYTES = 1024
/** How far siblings may be, and how many braces may be between: others belong to siblings, or to texts. */
const WINDOWS = [
  { bytes: 2 * 1024, braces: 8 },
  { bytes: 64 * 1024, braces: 1024 },
]
type Window = (typeof WINDOWS)[number]

/** The members between the start of the object and this place, if all of them could be read. */
function siblingsBefore(json: Buffer, end: number, { bytes, braces }: Window): Siblings {
  const text = json.toString('latin1', Math.max(0, end - bytes), end).trimEnd()
  let brace = text.lastIndexOf('{')
  for (let tries = 0; brace !== -1 && tries < braces; tries++) {
    const { siblings, end: membersEnd } = readMembers(text, brace + 1, MEMBER_BEFORE)
    if (membersEnd === text.length) return siblings
    brace = brace === 0 ? -1 : text.lastIndexOf('{', brace - 1)
  }
  return {}
}

/** The members that follow this place, as far as they could be read. */
function siblingsAfter(json: Buffer, start: number, { bytes }: Window): Siblings {
  return readMembers(json.toString('latin1', start, start + bytes), 0, MEMBER_AFTER).siblings
}

/** Reads members of this form from here on, up to one that has another form. */
function readMembers(text: string, start: number, form: RegExp): { siblings: Siblings; end: number } {
  const siblings: Siblings = {}
  let end = start
  form.lastIndex = start
  for (let found = form.exec(text); found; found = form.exec(text)) {
    const [, name = '', quoted, plain] = found
    const value = quoted === undefined ? plain : parseJson(quoted)
    if (value !== undefined) siblings[name] = String(value)
    end = form.lastIndex
  }
  return { siblings, end }
}
