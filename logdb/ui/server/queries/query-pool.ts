import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { UserError } from '../../../../kit/user-error.ts'
import { hasThreads, startThread } from '../../../threads.ts'
import { UiProblem } from '../ui-problem.ts'
import { type Answer, answerTo, type QueryName, type Question } from './queries.ts'
import type { FromThread } from './query-thread.ts'

const THREADS = 2
/** A database that is closed leaves a little memory behind in its thread, so threads are replaced. */
const QUESTIONS_PER_THREAD = 500
const MAX_WAITING = 100
const MS_PER_S = 1000
const BUSY = { hint: 'try again, or ask for fewer days' }

interface Waiting {
  question: Question
  resolve(answer: unknown): void
  reject(error: unknown): void
}

/** Answers questions in threads, so that a slow one delays no other page; each has a limit in time. */
export class QueryPool {
  readonly #limitMs: number
  readonly #threads = new Set<QueryThread>()
  readonly #waiting: Waiting[] = []

  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /** @throws UserError those of the query; UiProblem 503 if it takes too long or too many are waiting */
  async ask<Name extends QueryName>(name: Name, options: Question<Name>['options']): Promise<Answer<Name>> {
    const question = { name, options } as Question<Name>
    if (!hasThreads()) return await answerTo(question)
    if (this.#waiting.length >= MAX_WAITING) throw new UiProblem(503, 'too many questions are waiting', BUSY)
    return await new Promise<Answer<Name>>((resolve, reject) => {
      this.#waiting.push({
        question: question as Question,
        resolve: (answer) => resolve(answer as Answer<Name>),
        reject,
      })
      this.#next()
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.end()))
  }

  #next(): void {
    const thread = [...this.#threads].find(({ isFree }) => isFree) ?? this.#newThread()
    const waiting = thread && this.#waiting.shift()
    if (!thread || !waiting) return
    const { question, resolve, reject } = waiting
    thread
      .answer(question, this.#limitMs)
      .then(resolve, reject)
      .finally(() => {
        if (thread.isWornOut) this.#remove(thread)
        this.#next()
      })
  }

  #newThread(): QueryThread | undefined {
    if (this.#threads.size >= THREADS || this.#waiting.length === 0) return undefined
    const thread = new QueryThread()
    this.#threads.add(thread)
    return thread
  }

  /** It ends as soon as SQLite lets it. */
  #remove(thread: QueryThread): void {
    this.#threads.delete(thread)
    void thread.end()
  }
}

class QueryThread {
  readonly #worker: Worker
  #count = 0
  #isBusy = false
  #isBroken = false

  constructor() {
    this.#worker = startThread('ui/server/queries/query-thread')
    this.#worker.unref()
  }

  get isFree(): boolean {
    return !this.#isBusy && !this.isWornOut
  }

  get isWornOut(): boolean {
    return this.#isBroken || this.#count >= QUESTIONS_PER_THREAD
  }

  async answer(question: Question, limitMs: number): Promise<unknown> {
    this.#isBusy = true
    this.#count++
    try {
      return answerIn(await this.#messageFor(question, limitMs))
    } finally {
      this.#isBusy = false
    }
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  async #messageFor(question: Question, limitMs: number): Promise<FromThread> {
    const cleanup = new AbortController()
    const timeOut = setTimeout(limitMs, undefined, { signal: cleanup.signal }).then(() => {
      throw new UiProblem(503, `no answer within ${limitMs / MS_PER_S} s`, BUSY)
    })
    const message = once(this.#worker, 'message', { signal: cleanup.signal }).then(([one]) => one as FromThread)
    this.#worker.postMessage(question)
    try {
      return await Promise.race([message, timeOut])
    } catch (error) {
      this.#isBroken = true
      // A later error of this thread belongs to no question.
      this.#worker.on('error', () => {})
      throw error
    } finally {
      cleanup.abort()
      for (const one of [message, timeOut]) one.catch(() => {})
    }
  }
}

function answerIn(message: FromThread): unknown {
  if (message.kind === 'answer') return message.answer
  if (message.kind === 'user_error') throw new UserError(message.code, message.message, { hint: message.hint })
  throw new Error(`a query failed: ${message.stack}`)
}
