import { createHash } from 'node:crypto'

const MARK = 'data:'
/** The longest head of a data: URL that we look for: media type and parameters. */
const MAX_HEAD = 256
const HEAD = /^data:([\w.+-]+\\?\/[\w.+-]+)(?:;[\w.+-]+=[\w.+%-]*)*(;base64)?,/
const QUOTE = 0x22
const BACKSLASH = 0x5c
const BASE64 = new Set(Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_\\'))

/**
 * JSON in which every data: URL is replaced by `data:<mime>;sha256=...;bytes=...` of what it holds. Base64 is found
 * anywhere in a text; the plain form only if it is the whole text, since prose may well hold `data:text/plain,`.
 */
export function digestDataUrls(json: Buffer): Buffer {
  let at = json.indexOf(MARK)
  if (at === -1) return json
  const parts: Buffer[] = []
  let copied = 0
  while (at !== -1) {
    const url = readDataUrl(json, at)
    if (url) {
      parts.push(json.subarray(copied, at), Buffer.from(url.digest))
      copied = url.end
    }
    at = json.indexOf(MARK, url ? url.end : at + MARK.length)
  }
  return copied === 0 ? json : Buffer.concat([...parts, json.subarray(copied)])
}

function readDataUrl(json: Buffer, start: number): { digest: string; end: number } | undefined {
  const head = HEAD.exec(json.toString('latin1', start, start + MAX_HEAD))
  if (!head?.[1]) return undefined
  const dataStart = start + head[0].length
  if (!head[2] && json[start - 1] !== QUOTE) return undefined
  const end = head[2] ? endOfBase64(json, dataStart) : endOfString(json, dataStart)
  const data = json.toString('latin1', dataStart, end)
  const bytes = head[2]
    ? Buffer.from(data.replaceAll('\\', ''), 'base64')
    : Buffer.from(JSON.parse(`"${json.toString('utf8', dataStart, end)}"`))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { digest: `data:${head[1]};sha256=${sha256};bytes=${bytes.length}`, end }
}

/** Slashes may be written as `\/`, so a backslash is part of it only before a slash. */
function endOfBase64(json: Buffer, start: number): number {
  let at = start
  while (at < json.length && BASE64.has(json[at] as number)) {
    if (json[at] === BACKSLASH && json[at + 1] !== 0x2f) break
    at++
  }
  return at
}

function endOfString(json: Buffer, start: number): number {
  let at = start
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1
  return at
}
