import type { LogOutcome } from '../../../kit/log-record.ts'
import { isUsageEvent } from '../../apis/usage/stream-usage.ts'
import type { ClientResponse } from '../../exchange/client-response.ts'
import type { LoggedAnswer } from '../../exchange/outcome.ts'
import { EVENT_STREAM_HEADERS, type HeaderList } from '../../header-list.ts'
import { parseJson } from '../../json/parse.ts'
import { type ApiProblem, problems } from '../../problems.ts'
import type { AnswerHead } from '../answer-head.ts'
import type { Attempt } from '../attempt.ts'
import { failureIn, failureOf, mayWorkElsewhere } from '../failure.ts'
import type { StreamNormaliser } from '../normaliser.ts'
import { beforeDone, beforeEvent, dataOf, maskAroundContent, splitEvents } from './split-events.ts'
import { SseTap } from './sse-tap.ts'
import { WholeEvents } from './whole-events.ts'

/** Comments before the first event are held up to this size. */
const MAX_HELD_BYTES = 16 * 1024

/**
 * Server-sent events, passed on byte for byte. The response begins with the first event, because an error that comes first
 * may be answered by another key or provider.
 */
export class EventStreamAnswer {
  readonly #attempt: Attempt
  readonly #response: ClientResponse
  readonly #head: HeaderList
  readonly #status: number
  readonly #isFramed: boolean
  readonly #tap: SseTap
  readonly #events: WholeEvents
  readonly #normaliser: StreamNormaliser | undefined
  readonly #startedAtMs = performance.now()
  /** Comments that wait for the first event; undefined once the response has begun. */
  #held: Buffer[] | undefined = []
  #heldBytes = 0
  /** Nothing more is sent, whatever the provider sends. */
  #isOver = false
  #outcome: LogOutcome = 'ok'
  /** Objects whose maker is noted. */
  #madeCount = 0

  constructor(attempt: Attempt, { status, headers, isFramed }: AnswerHead) {
    const { exchange, normaliser } = attempt
    this.#attempt = attempt
    this.#response = exchange.response
    this.#head = headers
    this.#status = status
    this.#isFramed = isFramed
    this.#tap = new SseTap(exchange.api.newBuilder(exchange.facts.choices), exchange.services.bodyLog)
    this.#normaliser = normaliser?.stream()
    this.#events = new WholeEvents()
  }

  get outcome(): LogOutcome {
    return this.#outcome
  }

  /** The mark of the end has left the gateway, and nothing waits to be sent. */
  get isDelivered(): boolean {
    const { isDone, isWhole, hasFailed } = this.#tap.answer
    return this.#held === undefined && isDone && isWhole && !hasFailed && this.#response.backlogBytes === 0
  }

  data(bytes: Buffer): void {
    if (this.#isOver) return
    this.#attempt.exchange.timings.upstreamByte()
    const whole = this.#events.push(bytes)
    if (whole) this.#pass(this.#normaliser?.rewrite(whole) ?? whole)
  }

  /** The API's mark of the end is added only if the answer is known to be complete. */
  end(): void {
    if (this.#isOver) return
    const { rest } = this.#events
    this.#passLast(this.#isFramed ? this.#normaliser?.end(rest) : this.#normaliser?.cut(rest))
    if (!this.#isOver) this.#close(problems.upstreamDisconnected())
  }

  fail(problem: ApiProblem): void {
    if (this.#isOver) return
    this.#passLast(this.#normaliser?.cut(this.#events.rest))
    // What was not readable may be what is missing.
    if (!this.#isOver) this.#close(problem, false)
  }

  /** What waited for more bytes: complete events, the last one perhaps without its blank line. */
  #passLast(last: Buffer = this.#events.rest): void {
    const events = Buffer.concat(splitEvents(last).filter(isReadable))
    this.#pass(events.length > 0 ? events : this.#events.closing, true)
  }

  /** An answer that is complete, or that has reported an error itself, needs no other error. */
  #close(problem: ApiProblem, mayBeUnread = this.#tap.isBroken): void {
    const { isDone, isWhole, hasFailed } = this.#tap.answer
    if (!isWhole && !hasFailed && !mayBeUnread) {
      this.#breakOff(problem)
      return
    }
    const { doneEvent } = this.#attempt.exchange.api
    this.#begin()
    this.#finish(isDone || hasFailed || this.#tap.isBroken ? undefined : doneEvent)
  }

  /** A stream that stays without an event begins all the same, before the connection to the client looks dead. */
  tick(nowMs: number): void {
    const { keepaliveMs } = this.#attempt.exchange.serving.limits
    if (this.#held && !this.#isOver && nowMs - this.#startedAtMs >= keepaliveMs) this.#begin()
  }

  /** Keeps proxies between the gateway and the client from closing a connection that looks idle. */
  keepAlive(): void {
    if (this.#events.isAtEventEnd && !this.#tap.answer.isDone) this.#response.ping()
  }

  logged(): LoggedAnswer | undefined {
    const { exchange, route } = this.#attempt
    const { finishReason, usage, hasFailed } = this.#tap.answer
    const body = this.#tap.logged(route.model)
    if (!body) return undefined
    return { body: hasFailed ? { ...body, json: exchange.masked(body.json) } : body, finishReason, usage, hasFailed }
  }

  /** The events are read before they are sent, so that their meaning decides what the client sees. */
  #pass(bytes: Buffer, isLast = false): void {
    const { answer, eventCount: before } = this.#tap
    const wasDone = answer.isDone
    this.#tap.push(bytes)
    if (isLast) this.#tap.end()
    this.#noteMade(answer.made)
    if (this.#held && answer.hasFailed && this.#triesOther(bytes)) return
    if (!wasDone && answer.isDone && this.#isFalseEnd) {
      this.#endEarly(beforeDone(beforeEvent(bytes, this.#tap.doneAt - before)), this.#tap.doneAt > 1)
      return
    }
    if (this.#held && this.#tap.eventCount === 0 && this.#hold(this.#held, bytes)) return
    this.#begin()
    const { doneAt, eventCount } = this.#tap
    if (doneAt === 0 || doneAt === eventCount) this.#write(bytes)
    else this.#writeEnd(bytes, wasDone ? 0 : doneAt - before)
  }

  /** Those are new that were not there before. */
  #noteMade(made: readonly string[] | undefined): void {
    if (made === undefined || made.length === this.#madeCount) return
    this.#attempt.exchange.noteMade(made.slice(this.#madeCount))
    this.#madeCount = made.length
  }

  /** After the mark of the end nothing is content: the rest is passed on like an error. */
  #writeEnd(bytes: Buffer, events: number): void {
    const last = events === 0 ? Buffer.alloc(0) : beforeEvent(bytes, events + 1)
    this.#write(last)
    this.#write(this.#attempt.exchange.masked(bytes.subarray(last.length)))
  }

  /** The mark of the end after an answer that is not complete: a client would take it for a complete one. */
  get #isFalseEnd(): boolean {
    const { isWhole, hasFailed } = this.#tap.answer
    const { doneEvent } = this.#attempt.exchange.api
    return !this.#tap.isBroken && (hasFailed ? doneEvent !== undefined : !isWhole)
  }

  #endEarly(before: Buffer, hasEvents: boolean): void {
    this.#response.abort()
    if (hasEvents) this.#begin()
    if (!this.#held) this.#write(before)
    if (this.#tap.answer.hasFailed) this.#finish()
    else this.#breakOff(problems.upstreamDisconnected())
  }

  /** The error that comes first may be one of the key, or of the provider. */
  #triesOther(bytes: Buffer): boolean {
    const { exchange, tryOther } = this.#attempt
    const failure = failureIn(this.#tap.answer.error)
    if (!mayWorkElsewhere(failure, bytes)) return false
    const flow = exchange.response.flow
    if (!tryOther(failure)) return false
    this.#isOver = true
    flow?.abort()
    return true
  }

  /** @returns false if too much is held already */
  #hold(held: Buffer[], bytes: Buffer): boolean {
    const { timings } = this.#attempt.exchange
    held.push(this.#shown(bytes))
    this.#heldBytes += bytes.length
    timings.forgetUpstream()
    if (this.#heldBytes <= MAX_HELD_BYTES) return true
    this.#begin()
    return true
  }

  #begin(): void {
    if (!this.#held) return
    const held = this.#held
    this.#held = undefined
    this.#response.begin(this.#status, [...this.#head, ...EVENT_STREAM_HEADERS])
    for (const bytes of held) this.#response.write(bytes)
  }

  #write(bytes: Buffer): void {
    const sent = this.#attempt.hidesUsage && !this.#events.isOpen ? withoutUsage(bytes) : bytes
    if (sent.length > 0) this.#response.write(this.#shown(sent))
  }

  /** Only the content of answers may hold a key of the gateway. */
  #shown(bytes: Buffer): Buffer {
    const { exchange } = this.#attempt
    if (this.#tap.answer.hasFailed || this.#events.isOpen) return exchange.masked(bytes)
    return this.#tap.hasOddLines ? maskAroundContent(bytes, (part) => exchange.masked(part)) : bytes
  }

  #finish(last?: Buffer): void {
    this.#isOver = true
    this.#response.end(last)
  }

  /** An error with an honest status if nothing has been sent, else an event. */
  #breakOff(problem: ApiProblem): void {
    const { exchange, tryOther } = this.#attempt
    const { api, id } = exchange
    if (this.#held) {
      this.#isOver = true
      if (!tryOther(failureOf(problem))) exchange.refuse(problem, 'upstream_error')
      return
    }
    this.#outcome = 'upstream_truncated'
    this.#finish(Buffer.from(api.errors.event(problem, id, this.#tap.eventCount)))
  }
}

function withoutUsage(bytes: Buffer): Buffer {
  if (!bytes.includes('"usage"')) return bytes
  return Buffer.concat(splitEvents(bytes).filter((event) => !isUsageEvent(dataOf(event) ?? '')))
}

/** Whether an event without its blank line is complete. */
function isReadable(event: Buffer): boolean {
  const data = dataOf(event)
  return data === '[DONE]' || (data !== undefined && parseJson(data) !== undefined)
}
