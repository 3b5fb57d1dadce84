import { createHash } from 'node:crypto'
import { requestTurns, responseTurns, type Turn } from './turns.ts'

/** A request of a dialog, with what earlier requests did not say. */
export interface Step {
  /** Index of the request that it continues; undefined if it starts a new conversation. */
  after: number | undefined
  /** What was said before it, which it repeats. */
  repeated: Turn[]
  turns: Turn[]
  answers: Turn[]
}

/** Finds what each request of a dialog adds; they must come in the order of time. Each repeats what was said before it. */
export class Thread {
  /** The request that first had a conversation, by the hash of what was said. */
  readonly #known = new Map<string, number>()
  #count = 0

  add(request: unknown, response: unknown): Step {
    const turns = requestTurns(request)
    const answers = responseTurns(response)
    const hashes = chain('', turns)
    const repeated = hashes.findLastIndex((hash) => this.#known.has(hash)) + 1
    const after = this.#known.get(hashes[repeated - 1] ?? '')
    const whole = hashes.at(-1) ?? ''
    for (const hash of [...hashes, ...answers.flatMap((answer) => chain(whole, [answer])), ...chain(whole, answers)]) {
      if (!this.#known.has(hash)) this.#known.set(hash, this.#count)
    }
    this.#count++
    return { after, repeated: turns.slice(0, repeated), turns: turns.slice(repeated), answers }
  }
}

/** Hashes of the conversations that end with each of the turns. */
function chain(before: string, turns: Turn[]): string[] {
  let hash = before
  return turns.map((turn) => {
    hash = createHash('sha256').update(hash).update(said(turn)).digest('base64')
    return hash
  })
}

/** Reasoning and citations are usually not sent back, and some clients give calls other ids. */
function said({ role, parts }: Turn): string {
  const kept = parts.filter(({ kind }) => kind !== 'reasoning' && kind !== 'citation')
  return JSON.stringify([role, ...kept.map(({ callId: _, image: __, ...part }) => part)])
}
