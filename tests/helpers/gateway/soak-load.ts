import { setTimeout as sleep } from 'node:timers/promises'
import { type Agent, request } from 'undici'
import { type Random, seededRandom } from '../random.ts'

interface Plan {
  mode: string
  stream: boolean
  /** When the client leaves: after some pieces of the answer, before it, or not at all. */
  leaves: { afterPieces: number } | { afterMs: number } | null
}

/** The gateway's key. */
export const KEY = 'a-key-for-the-soak'

/** Clients that send requests, and what happened to these. */
export class SoakLoad {
  /** Number of requests by mode, with `left` if the client did not wait for the end. */
  readonly sent: Record<string, number> = {}
  /** Answers that should have been complete and were not. */
  readonly broken: string[] = []
  /** Ids of requests whose answer began. */
  readonly answered = new Set<string>()
  readonly #url: string
  readonly #dispatcher: Agent
  #count = 0

  constructor(url: string, dispatcher: Agent) {
    this.#url = url
    this.#dispatcher = dispatcher
  }

  async keepGoing(seed: number, deadline: number): Promise<void> {
    const random = seededRandom(seed)
    // The clients must not all start at the same moment.
    await sleep(random.below(500))
    while (performance.now() < deadline) await this.#ask(plan(random))
  }

  async #ask({ mode, stream, leaves }: Plan): Promise<void> {
    const id = `soak-${this.#count++}`
    const name = `${mode.replace(/\d+/g, 'n')}${stream ? ' stream' : ''}${leaves ? ' left' : ''}`
    this.sent[name] = (this.sent[name] ?? 0) + 1
    const signal = leaves && 'afterMs' in leaves ? AbortSignal.timeout(leaves.afterMs) : null
    const text = await this.#read(id, { mode, stream, leaves }, signal).catch((error: unknown) => {
      if (!signal?.aborted) throw error
    })
    if (leaves || !isLasting(mode)) return
    const count = Number(/\d+$/.exec(mode)?.[0])
    const isWhole = text?.includes(`${count} `) && (!stream || text.endsWith('data: [DONE]\n\n'))
    if (!isWhole) this.broken.push(`${id} ${mode}: ${text?.slice(-300)}`)
  }

  async #read(id: string, { mode, stream, leaves }: Plan, signal: AbortSignal | null): Promise<string> {
    const response = await request(`${this.#url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}`, 'x-dialog-id': id },
      body: JSON.stringify({
        model: `mock/${mode}`,
        stream,
        user: id,
        messages: [{ role: 'user', content: 'Hi there' }],
      }),
      dispatcher: this.#dispatcher,
      signal,
    })
    this.answered.add(id)
    let text = ''
    let pieces = 0
    for await (const piece of response.body) {
      text += piece
      if (leaves && 'afterPieces' in leaves && ++pieces > leaves.afterPieces) break
    }
    return text
  }
}

function plan(random: Random): Plan {
  const lasting = `slow-${40 + random.below(80)}x${2 + random.below(30)}`
  const mode =
    random.below(3) > 0 ? lasting : random.pick(['cut-3', 'reset-3', 'error-chunk', '500', '429', 'bytes', 'hang'])
  const stream = random.below(8) > 0
  if (mode === 'hang') return { mode, stream, leaves: { afterMs: 50 + random.below(500) } }
  if (!isLasting(mode)) return { mode, stream: true, leaves: null }
  if (random.below(3) > 0) return { mode, stream, leaves: null }
  return { mode, stream, leaves: stream ? { afterPieces: random.below(20) } : { afterMs: 50 + random.below(500) } }
}

function isLasting(mode: string): boolean {
  return mode.startsWith('slow-')
}
