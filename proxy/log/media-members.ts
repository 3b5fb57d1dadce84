import { COLON, QUOTE, SPACE } from '../../kit/ascii.ts'
import { contentDigest, hasBase64, readingBase64 } from './base64.ts'

/** The texts, numbers and switches that are next to a member in its object. */
type Siblings = Record<string, string>

/** Shorter texts are too likely to be something else. */
const MIN_LENGTH = 32
const UNKNOWN = 'application/octet-stream'
const AUDIO_FORMAT = /^(wav|mp3|mpeg|flac|opus|ogg|aac|m4a|webm|pcm16|pcm|g711_ulaw|g711_alaw)$/

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
  if (AUDIO_FORMAT.test(format)) return `audio/${format}`
  return type === 'base64' || transcript !== undefined || expires_at !== undefined ? UNKNOWN : undefined
}

/** Pauses after this many names that were looked at. */
const NAMES_A_STEP = 1000

/**
 * JSON with the base64 of images, documents and audio replaced by `data:<mime>;sha256=...;bytes=...`, where it is the value
 * of a member that APIs have for it. Yields after each step.
 */
export function* digestingMediaMembers(json: Buffer): Generator<void, Buffer> {
  if (!hasBase64(json, MIN_LENGTH)) return json
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
      const mime = typeOf({ ...siblingsBefore(json, at), ...siblingsAfter(json, end + 1) })
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

/** A member whose value is a text, a number or a switch. */
const MEMBER = String.raw`\s*"(\w+)"\s*:\s*(?:"((?:[^"\\]|\\.)*)"|([-+.\w]+))\s*`
const MEMBER_BEFORE = new RegExp(`${MEMBER},`, 'y')
const MEMBER_AFTER = new RegExp(String.raw`\s*,${MEMBER}`, 'y')
const WINDOW_BYTES = 2048
/** A text before the member may contain braces too. */
const MAX_BRACES = 8

/** The members between the start of the object and this place, if they are all simple. */
function siblingsBefore(json: Buffer, end: number): Siblings {
  const text = json.toString('latin1', Math.max(0, end - WINDOW_BYTES), end).trimEnd()
  let brace = text.lastIndexOf('{')
  for (let tries = 0; brace !== -1 && tries < MAX_BRACES; tries++) {
    const { siblings, end: membersEnd } = readMembers(text, brace + 1, MEMBER_BEFORE)
    if (membersEnd === text.length) return siblings
    brace = brace === 0 ? -1 : text.lastIndexOf('{', brace - 1)
  }
  return {}
}

/** The simple members that follow this place. */
function siblingsAfter(json: Buffer, start: number): Siblings {
  return readMembers(json.toString('latin1', start, start + WINDOW_BYTES), 0, MEMBER_AFTER).siblings
}

/** Reads members of this form from here on, up to one that has another form. */
function readMembers(text: string, start: number, form: RegExp): { siblings: Siblings; end: number } {
  const siblings: Siblings = {}
  let end = start
  form.lastIndex = start
  for (let found = form.exec(text); found; found = form.exec(text)) {
    const [, name = '', quoted, plain] = found
    siblings[name] = quoted?.replaceAll('\\/', '/') ?? plain ?? ''
    end = form.lastIndex
  }
  return { siblings, end }
}
