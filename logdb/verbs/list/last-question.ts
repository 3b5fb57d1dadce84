import { parseBody, requestTurns, type Turn } from '../../conversation/turns.ts'
import { readRequests } from '../../store/partition/requests.ts'
import { messagesFrom, type RequestSummary } from '../../store/search/partition-list.ts'
import type { Connection } from '../../store/sqlite/engine.ts'

/** An agent may call tools this many times after what the user said. */
const MAX_MESSAGES = 400
const MAX_LENGTH = 300

/** What was found from a node of a conversation back. */
interface Known {
  question: string | undefined
  /** How many messages further back it is. */
  steps: number
}

/**
 * The beginnings of what the user said last in requests of one partition. The requests of an agent repeat the same
 * messages, so it remembers what it found.
 */
export class LastQuestions {
  readonly #db: Connection
  /** By node. */
  readonly #known = new Map<number, Known>()

  constructor(db: Connection) {
    this.#db = db
  }

  /** On one line; undefined if the request has no such text. */
  of({ requestId, tip }: RequestSummary): string | undefined {
    if (tip === null) return questionOfBody(this.#db, requestId)
    const walked: number[] = []
    const { question, steps } = this.#find(tip, walked)
    for (const [index, node] of walked.entries()) {
      this.#known.set(node, { question, steps: walked.length + steps - index })
    }
    return question
  }

  /** @param walked gets the nodes before the one where it was found */
  #find(tip: number, walked: number[]): Known {
    for (const { node, json } of messagesFrom(this.#db, tip)) {
      const { question, steps } = this.#known.get(node) ?? { question: questionOfMessage(json), steps: 0 }
      if (question !== undefined) {
        return walked.length + steps < MAX_MESSAGES ? { question, steps } : { question: undefined, steps: 0 }
      }
      walked.push(node)
      if (walked.length === MAX_MESSAGES) break
    }
    return { question: undefined, steps: 0 }
  }
}

function questionOfMessage(json: string): string | undefined {
  return questionIn(requestTurns({ messages: [parseBody(json)] }))
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
