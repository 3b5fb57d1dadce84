import { parseBody, requestTurns, type Turn } from '../../conversation/turns.ts'
import { readRequests } from '../../store/partition/requests.ts'
import { messagesFrom, type RequestSummary } from '../../store/search/partition-list.ts'
import type { Connection } from '../../store/sqlite/engine.ts'

/** An agent may call tools this many times after what the user said. */
const MAX_MESSAGES = 400
const MAX_LENGTH = 300

/** The beginning of what the user said last in a request, on one line; undefined if it has no such text. */
export function lastQuestion(db: Connection, { requestId, tip }: RequestSummary): string | undefined {
  if (tip === null) return questionOfBody(db, requestId)
  let count = 0
  for (const json of messagesFrom(db, tip)) {
    const question = questionIn(requestTurns({ messages: [parseBody(json)] }))
    if (question !== undefined) return question
    if (++count === MAX_MESSAGES) break
  }
  return undefined
}

/** For bodies without a list of messages, such as those of completions and embeddings. */
function questionOfBody(db: Connection, requestId: string): string | undefined {
  const [details] = readRequests(db, [requestId])
  return details && questionIn(requestTurns(parseBody(details.request_json)).reverse())
}

/** Of the first turn of the user that has a text. */
function questionIn(turns: Turn[]): string | undefined {
  for (const { role, parts } of turns) {
    if (role !== 'user') continue
    const text = parts.flatMap((part) => (part.kind === 'text' ? part.text : [])).join(' ')
    const line = text
      .slice(0, 4 * MAX_LENGTH)
      .replace(/\s+/g, ' ')
      .trim()
    if (line !== '') return line.slice(0, MAX_LENGTH)
  }
  return undefined
}
