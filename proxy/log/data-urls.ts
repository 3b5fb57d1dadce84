import { BACKSLASH, COMMA, QUOTE, SEMICOLON } from '../../kit/ascii.ts'
import { sha256 } from '../../kit/sha256.ts'
import { contentDigest, type FoundContent, readingBase64 } from './base64.ts'

/** As bytes: each search for a text would make bytes of the text first. */
const MARK = Buffer.from('data:')
/** The longest head of a data: URL that is recognised: media type and parameters. */
const MAX_HEAD = 256
const HEAD =
  /^data:([\w.+-]+\\{0,8}(?:\/|u002f)(?:[\w.+-]|\\{1,8}u002b)+)(?:;\s*[\w.+-]+=(?:\\{1,8}"[^"\\]*\\{1,8}"|[^;,"\\]*))*(;\s*base64)?,/i
/** Pauses after this many marks; in a text with many marks, most of them begin no URL. */
const MARKS_A_STEP = 1000
/** 1 for the bytes of a media type, whose slash may be escaped. */
const TYPE = new Uint8Array(256)
for (const byte of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-/\\')) TYPE[byte] = 1

/** False for bytes that hold none. */
export function mayHoldDataUrls(json: Buffer): boolean {
  return json.includes(MARK)
}

/**
 * JSON with every data: URL replaced by `data:<mime>;sha256=...;bytes=...` of its content. A base64 URL is found anywhere
 * in a text; a URL in the plain form only if it is the whole text, because prose may contain `data:text/plain,`. The
 * generator yields after each step, so that the caller can do other work in between.
 */
export function* digestingDataUrls(json: Buffer): Generator<void, Buffer> {
  let at = json.indexOf(MARK)
  if (at === -1) return json
  const parts: Buffer[] = []
  let copied = 0
  for (let marks = 1; at !== -1; marks++) {
    if (marks % MARKS_A_STEP === 0) yield
    const url = yield* readingDataUrl(json, at)
    if (url) {
      parts.push(json.subarray(copied, at), Buffer.from(url.digest))
      copied = url.end
    }
    at = json.indexOf(MARK, url ? url.end : at + MARK.length)
  }
  return copied === 0 ? json : Buffer.concat([...parts, json.subarray(copied)])
}

function* readingDataUrl(json: Buffer, start: number): Generator<void, { digest: string; end: number } | undefined> {
  if (!mayBeHead(json, start + MARK.length)) return undefined
  const head = HEAD.exec(json.toString('latin1', start, start + MAX_HEAD))
  if (!head?.[1]) return undefined
  const dataStart = start + head[0].length
  if (!head[2] && !beginsText(json, start)) return undefined
  const content = head[2] ? yield* readingBase64(json, dataStart, 'equal') : readText(json, dataStart)
  return { digest: contentDigest(head[1], content), end: content.end }
}

function readText(json: Buffer, start: number): FoundContent {
  const end = endOfString(json, start)
  const content = Buffer.from(JSON.parse(`"${json.toString('utf8', start, end)}"`))
  return { end, bytes: content.length, sha256: sha256(content) }
}

/** Whether a media type, and then a valid next character, is at `start`: a cheap test before the regular expression. */
function mayBeHead(json: Buffer, start: number): boolean {
  const end = endOfType(json, start)
  return end > start && (json[end] === COMMA || json[end] === SEMICOLON)
}

function endOfType(json: Buffer, start: number): number {
  let at = start
  while (TYPE[json[at] ?? 0] === 1 && at - start < MAX_HEAD) at++
  return at
}

/** Whether the quote before `start` opens a string of JSON; an escaped quote inside a string does not. */
function beginsText(json: Buffer, start: number): boolean {
  let at = start - 2
  while (json[at] === BACKSLASH) at--
  return json[start - 1] === QUOTE && (start - at) % 2 === 0
}

function endOfString(json: Buffer, start: number): number {
  let at = start
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1
  return at
}
