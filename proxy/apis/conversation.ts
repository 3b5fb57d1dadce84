import { hash } from 'node:crypto'
import { OPEN_BRACKET } from '../../kit/ascii.ts'
import { isObject } from '../../kit/json.ts'
import { parseJson } from '../json/parse.ts'
import { endOfValue, type Slice, scanInnerObject, textAt } from '../json/scan.ts'
import { walkElements, walkMembers } from '../json/walk.ts'
import type { Api, RequestMembers } from './api.ts'

/** What a body says about the conversation that it belongs to. */
export interface ConversationFacts {
  /** The session of Claude Code. */
  readonly session: string | undefined
  /** Bytes that all requests of the conversation share; undefined if the body belongs to none. */
  readonly mark: () => Buffer | undefined
}

export const NO_CONVERSATION: ConversationFacts = { session: undefined, mark: () => undefined }

/** Of each text, the mark of a conversation has no more. */
const MAX_TEXT_BYTES = 64 * 1024
/** Requests that continue a text share its beginning. */
const PROMPT_BYTES = 1024
const LEGACY_SESSION = /_session_([\w-]+)$/
const SEPARATOR = Buffer.from('\0')

/** Reads the session now, because the record needs it, and the mark only if a provider has several keys. */
export function conversationOf(api: Pick<Api, 'name'>, body: Buffer, members: RequestMembers): ConversationFacts {
  const userId = members.metadata && textAt(body, scanInnerObject(body, members.metadata.start, ['user_id']).user_id)
  return {
    session: userId === undefined ? undefined : sessionIn(userId),
    mark: () => {
      if (api.name === 'embeddings') return undefined
      const named = textAt(body, members.prompt_cache_key) || userId
      return named ? Buffer.from(named) : openingOf(body, members)
    },
  }
}

/** The number by which the keys of a provider are ranked for a conversation; the same in every process and release. */
export function affinityOf(mark: Buffer): number {
  return hash('sha256', mark, 'buffer').readUInt32LE()
}

/** The session part of Claude Code's `metadata.user_id`, which is JSON, or in earlier releases a row of names and ids. */
function sessionIn(userId: string): string | undefined {
  const session = userId.startsWith('{') ? parsedSession(userId) : LEGACY_SESSION.exec(userId)?.[1]
  return typeof session === 'string' && session !== '' ? session : undefined
}

function parsedSession(userId: string): unknown {
  const ids = parseJson(userId)
  return isObject(ids) ? ids['session_id'] : undefined
}

/** The instructions and the messages up to the first of the user: a conversation repeats them in each of its requests. */
function openingOf(body: Buffer, { system, instructions, messages, input, prompt }: RequestMembers): Buffer {
  const parts = [system, instructions].flatMap((slice) => (slice ? textsOf(body, slice.start).texts : []))
  const list = messages ?? input
  if (list) parts.push(...firstMessages(body, list))
  else if (prompt) parts.push(body.subarray(prompt.start, Math.min(prompt.start + PROMPT_BYTES, prompt.end - 1)))
  return Buffer.concat(parts.flatMap((part) => [part, SEPARATOR]))
}

function firstMessages(body: Buffer, list: Slice): Buffer[] {
  if (body[list.start] !== OPEN_BRACKET) return textsOf(body, list.start).texts
  const parts: Buffer[] = []
  walkElements(body, list.start, (start) => {
    const { texts, isOfUser, end } = readMessage(body, start)
    parts.push(...texts)
    return isOfUser ? undefined : end
  })
  return parts
}

function readMessage(body: Buffer, start: number): Texts & { isOfUser: boolean } {
  let texts: Buffer[] = []
  let isOfUser = false
  const end = walkMembers(body, start, ['role', 'content'], (name, valueAt) => {
    const content = name === 'content' ? textsOf(body, valueAt) : undefined
    if (content) texts = content.texts
    const end = content?.end ?? endOfValue(body, valueAt)
    if (name === 'role') isOfUser = body.toString('latin1', valueAt, end) === '"user"'
    return end
  })
  return { texts, isOfUser, end }
}

/** The texts of a value, and its end. */
interface Texts {
  texts: Buffer[]
  end: number
}

/** Without what is next to a text: clients move the marks of what shall be cached from message to message. */
function textsOf(body: Buffer, start: number): Texts {
  const texts: Buffer[] = []
  if (body[start] !== OPEN_BRACKET) {
    const end = endOfValue(body, start)
    return { texts: [startOf(body, { start, end })], end }
  }
  const end = walkElements(body, start, (partAt) => {
    let text: Slice | undefined
    const partEnd = walkMembers(body, partAt, ['text'], (_, textAt) => {
      text = { start: textAt, end: endOfValue(body, textAt) }
      return text.end
    })
    texts.push(startOf(body, text ?? { start: partAt, end: partEnd }))
    return partEnd
  })
  return { texts, end }
}

function startOf(body: Buffer, { start, end }: Slice): Buffer {
  return body.subarray(start, Math.min(end, start + MAX_TEXT_BYTES))
}
