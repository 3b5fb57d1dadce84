import { type ApiProblem, errorJson, problems } from '../errors.ts'
import type { Exchange, LoggedAnswer } from '../exchange.ts'
import { logJson } from '../log/body.ts'
import { EVENT_STREAM_HEADERS, type ResponseHeaders } from './headers.ts'
import { SseTap } from './sse-tap.ts'
import { WholeLines } from './whole-lines.ts'

const DONE = Buffer.from('data: [DONE]\n\n')

/** Server-sent events, passed on as the bytes they are. */
export class EventStreamAnswer {
  readonly #exchange: Exchange
  readonly #tap = new SseTap()
  readonly #lines = new WholeLines()

  constructor(exchange: Exchange, status: number, headers: ResponseHeaders) {
    this.#exchange = exchange
    exchange.begin(status, { ...headers, ...EVENT_STREAM_HEADERS })
  }

  data(bytes: Buffer): void {
    const whole = this.#lines.push(bytes)
    if (whole) this.#exchange.write(whole)
    this.#tap.push(bytes)
  }

  /** `[DONE]` is added only where the answer is known to be whole. */
  end(): void {
    this.#tap.end()
    const { done, completion } = this.#tap
    if (!done && !completion.finished && !completion.failed) {
      this.#breakOff(problems.upstreamDisconnected())
      return
    }
    const rest = this.#lines.rest({ complete: true })
    this.#exchange.end(done || completion.failed ? rest : Buffer.concat([rest, DONE]))
  }

  fail(problem: ApiProblem): void {
    if (this.#tap.done) this.end()
    else this.#breakOff(problem)
  }

  logged(): LoggedAnswer | undefined {
    const { completion } = this.#tap
    const json = completion.toJson()
    if (!json) return undefined
    const { context, route } = this.#exchange
    return {
      body: logJson(Buffer.from(JSON.stringify(json)), route?.model ?? null, context.settings.log),
      finishReason: completion.finishReason,
      usage: completion.usage,
      failed: completion.failed,
    }
  }

  #breakOff(problem: ApiProblem): void {
    this.#exchange.outcome = 'upstream_truncated'
    const event = Buffer.from(`data: ${errorJson(problem)}\n\n`)
    this.#exchange.end(Buffer.concat([this.#lines.rest({ complete: false }), event]))
  }
}
