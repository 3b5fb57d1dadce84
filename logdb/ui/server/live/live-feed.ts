import type { ListedRequest } from '../../../verbs/list/list.ts'
import type { Answer, Question } from '../queries/queries.ts'
import { UiProblem } from '../ui-problem.ts'

/** A new row is visible within a second after it was stored. */
const PAUSE_MS = 1000
/** A browser shows no more at once. */
const MAX_NEW = 100
/** Each takes a connection. */
const MAX_LISTENERS = 100

export type LiveQuestion = Omit<Question<'live'>['options'], 'places' | 'limit'>
type Ask = (question: Question<'live'>['options']) => Promise<Answer<'live'>>

export interface LiveListener {
  /** Gets the requests that were stored, in order; of many only the last ones. */
  onRequests(requests: ListedRequest[]): void
  /** The log database cannot be read. */
  onEnd(): void
}

/** Looks for new requests as long as somebody listens; those who ask the same share one question. */
export class LiveFeeds {
  readonly #ask: Ask
  readonly #onError: (error: Error) => void
  readonly #feeds = new Map<string, Feed>()
  #listeners = 0

  /** @param onError gets what ended a feed */
  constructor(ask: Ask, onError: (error: Error) => void) {
    this.#ask = ask
    this.#onError = onError
  }

  /**
   * Reports every request that is stored after this call has returned.
   * @returns ends it
   * @throws UserError, UiProblem
   */
  async listen(question: LiveQuestion, listener: LiveListener): Promise<() => void> {
    if (this.#listeners >= MAX_LISTENERS) {
      throw new UiProblem(503, 'too many pages show new requests', { hint: 'close some of them' })
    }
    const name = JSON.stringify(question)
    const feed = this.#feeds.get(name) ?? new Feed(this.#ask, question)
    this.#feeds.set(name, feed)
    feed.listeners.add(listener)
    this.#listeners++
    const remove = () => {
      if (feed.listeners.delete(listener)) this.#listeners--
      if (feed.listeners.size === 0 && this.#feeds.get(name) === feed) this.#feeds.delete(name)
    }
    try {
      await feed.begin(() => this.#end(name, feed), this.#onError)
    } catch (error) {
      remove()
      throw error
    }
    return remove
  }

  close(): void {
    for (const [name, feed] of this.#feeds) this.#end(name, feed)
  }

  #end(name: string, feed: Feed): void {
    if (this.#feeds.get(name) === feed) this.#feeds.delete(name)
    const ended = [...feed.listeners]
    feed.listeners.clear()
    this.#listeners -= ended.length
    for (const listener of ended) listener.onEnd()
  }
}

class Feed {
  readonly listeners = new Set<LiveListener>()
  readonly #ask: Ask
  readonly #question: LiveQuestion
  #places: Promise<Answer<'live'>['places']> | undefined

  constructor(ask: Ask, question: LiveQuestion) {
    this.#ask = ask
    this.#question = question
  }

  async begin(onEnd: () => void, onError: (error: Error) => void): Promise<void> {
    if (!this.#places) {
      this.#places = this.#ask({ ...this.#question, limit: MAX_NEW }).then(({ places }) => places)
      this.#places.then(() => this.#continue(onEnd, onError)).catch(() => {})
    }
    await this.#places
  }

  #continue(onEnd: () => void, onError: (error: Error) => void): void {
    const next = () => {
      if (this.listeners.size === 0) return
      this.#look().then(
        () => this.#continue(onEnd, onError),
        (error) => {
          onEnd()
          onError(error)
        },
      )
    }
    setTimeout(next, PAUSE_MS).unref()
  }

  async #look(): Promise<void> {
    const places = await this.#places
    if (!places) return
    const found = await this.#ask({ ...this.#question, limit: MAX_NEW, places })
    this.#places = Promise.resolve(found.places)
    if (found.requests.length === 0) return
    for (const listener of this.listeners) listener.onRequests(found.requests.slice(-MAX_NEW))
  }
}
