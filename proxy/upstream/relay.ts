import type { IncomingHttpHeaders } from 'node:http'
import type { Transform } from 'node:stream'
import type { Dispatcher } from 'undici'
import { hasErrorCode } from '../../kit/user-error.ts'
import type { Exchange, Flow } from '../exchange/exchange.ts'
import { type ApiProblem, problems } from '../problems.ts'
import { Answer } from './answer.ts'
import { createDecoder } from './decoder.ts'
import { type Attempt, mayWorkElsewhere } from './failure.ts'

export interface UpstreamCall extends Attempt {
  path: string
  headers: Record<string, string>
  body: Buffer
}

/** Sends a request upstream and its answer to the client. */
export function relay(exchange: Exchange, dispatcher: Dispatcher, call: UpstreamCall): void {
  const handler = new RelayHandler(exchange, call)
  exchange.flow = handler
  exchange.timings.dispatched()
  dispatcher.dispatch({ path: call.path, method: 'POST', headers: call.headers, body: call.body }, handler)
}

class RelayHandler implements Dispatcher.DispatchHandler, Flow {
  readonly #exchange: Exchange
  readonly #answer: Answer
  readonly #tryOther: Attempt['tryOther']
  #started = false
  #decoder: Transform | undefined
  #controller: Dispatcher.DispatchController | undefined
  #aborted = false
  #paused = false
  /** When the upstream last gave a sign of life, or was let speak again. */
  #heardAtMs = performance.now()

  constructor(exchange: Exchange, attempt: Attempt) {
    this.#exchange = exchange
    this.#answer = new Answer(exchange, attempt)
    this.#tryOther = attempt.tryOther
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#aborted) controller.abort(new Error('no longer wanted'))
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    if (mayWorkElsewhere(status) && this.#tryOther({ status, headers, reason: String(status) })) {
      this.abort()
      return
    }
    this.#started = true
    this.#heardAtMs = performance.now()
    const encoding = headers['content-encoding']
    if (encoding && encoding !== 'identity') this.#decode(encoding)
    if (!this.#aborted) this.#answer.start(status, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    this.#heardAtMs = performance.now()
    if (!this.#decoder) this.#answer.data(bytes)
    else if (!this.#decoder.write(bytes)) controller.pause()
  }

  onResponseEnd(): void {
    if (this.#decoder) this.#decoder.end()
    else this.#answer.end()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (!this.#aborted) this.#fail(this.#toProblem(error), error.message)
  }

  /** A provider that says nothing for too long is not waited for, unless it is we who keep it from speaking. */
  tick(nowMs: number): void {
    const { firstByteTimeoutMs, idleTimeoutMs } = this.#exchange.serving.limits
    const timeoutMs = this.#started ? idleTimeoutMs : firstByteTimeoutMs
    if (this.#aborted || this.#paused || nowMs - this.#heardAtMs < timeoutMs) return
    this.abort()
    this.#fail(problems.upstreamTimeout(this.#provider), `no byte for ${timeoutMs} ms`)
  }

  get #provider(): string {
    return this.#exchange.route?.provider ?? 'The upstream'
  }

  #fail(problem: ApiProblem, error: string): void {
    const { context, id: requestId } = this.#exchange
    context.logger.warn({ provider: this.#provider, requestId, error }, 'the upstream failed')
    const reason = problem.code ?? 'unknown'
    if (!this.#exchange.hasBegun && this.#tryOther({ headers: {}, reason })) return
    this.#answer.fail(problem)
  }

  pause(): void {
    this.#paused = true
    if (this.#decoder) this.#decoder.pause()
    else this.#controller?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#heardAtMs = performance.now()
    if (this.#decoder) this.#decoder.resume()
    else this.#controller?.resume()
  }

  abort(): void {
    this.#aborted = true
    this.#decoder?.destroy()
    this.#controller?.abort(new Error('no longer wanted'))
  }

  /** From here on the upstream is slowed down by the decoder, and the decoder by the client. */
  #decode(encoding: string): void {
    const fail = () => {
      this.#answer.fail(problems.upstreamMalformed(this.#provider))
      this.abort()
    }
    this.#decoder = createDecoder(encoding)
    if (!this.#decoder) {
      fail()
      return
    }
    // Nobody else catches what is thrown in here.
    const guarded =
      <T>(act: (value: T) => void) =>
      (value: T) => {
        try {
          act(value)
        } catch (error) {
          this.#exchange.context.logger.error({ err: error, requestId: this.#exchange.id }, 'an answer failed')
          fail()
        }
      }
    this.#decoder
      .on(
        'data',
        guarded((bytes: Buffer) => this.#answer.data(bytes)),
      )
      .on('drain', () => this.#controller?.resume())
      .on(
        'end',
        guarded(() => this.#answer.end()),
      )
      .on('error', fail)
  }

  #toProblem(error: Error): ApiProblem {
    if (error.name === 'HTTPParserError' || hasErrorCode(error, 'UND_ERR_HEADERS_OVERFLOW')) {
      return problems.upstreamMalformed(this.#provider)
    }
    const wasConnected = ['UND_ERR_SOCKET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'ECONNRESET', 'EPIPE']
    if (this.#started || wasConnected.some((code) => hasErrorCode(error, code))) return problems.upstreamDisconnected()
    return problems.upstreamUnreachable(this.#provider)
  }
}
