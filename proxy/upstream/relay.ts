import type { IncomingHttpHeaders } from 'node:http'
import type { Transform } from 'node:stream'
import type { Dispatcher } from 'undici'
import { hasErrorCode } from '../../kit/user-error.ts'
import { answerDecoder, codingsOf } from '../content-coding.ts'
import type { Flow } from '../exchange/client-response.ts'
import { type ApiProblem, problems } from '../problems.ts'
import { Answer } from './answer.ts'
import type { Attempt } from './attempt.ts'
import type { Connection, Connections } from './connections.ts'

/** The HTTP request to a provider. */
export interface UpstreamRequest {
  path: string
  headers: Record<string, string>
  body: Buffer
}

/** Sends a request to a provider and its answer to the client. */
export function relay(attempt: Attempt, connections: Connections, { path, headers, body }: UpstreamRequest): void {
  const { exchange } = attempt
  const answer = new Answer(attempt)
  const handler = new RelayHandler(attempt, answer, (again) =>
    connections.dispatchAlone({ method: 'POST', path, headers, body }, again),
  )
  exchange.answerWith(answer, handler)
  exchange.timings.dispatched()
  const onConnection = (connection: Connection) => handler.usesConnection(connection)
  connections.dispatch({ method: 'POST', path, headers, body, onConnection }, handler)
}

class RelayHandler implements Dispatcher.DispatchHandler, Flow {
  readonly #attempt: Attempt
  readonly #answer: Answer
  readonly #sendAlone: (handler: Dispatcher.DispatchHandler) => void
  /** Undefined for a connection that carries only this request. */
  #connection: Connection | undefined
  /** Those that the connection had carried before this request. */
  #answersBefore = 0
  #hasStarted = false
  #decoder: Transform | undefined
  #controller: Dispatcher.DispatchController | undefined
  #isAborted = false
  #isPaused = false
  /** When the provider last sent something, or was allowed to send again. */
  #heardAtMs = performance.now()

  /** @param sendAlone sends the same request on a new connection */
  constructor(attempt: Attempt, answer: Answer, sendAlone: (handler: Dispatcher.DispatchHandler) => void) {
    this.#attempt = attempt
    this.#answer = answer
    this.#sendAlone = sendAlone
  }

  usesConnection(connection: Connection): void {
    this.#connection = connection
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#answersBefore = this.#connection?.answers ?? 0
    if (this.#isAborted) controller.abort(new Error('no longer wanted'))
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    this.#hasStarted = true
    this.#heardAtMs = performance.now()
    this.#answer.start(status, headers)
    const codings = codingsOf(headers['content-encoding'])
    if (codings.length > 0) this.#decode(codings)
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
    if (this.#isAborted) return
    if (this.#hasLostIdleConnection) this.#sendAgain(error)
    else this.#fail(this.#toProblem(error), error.message)
  }

  /**
   * The provider closed a connection that had carried other requests, without a byte of an answer: most often it was idle
   * for too long, and the provider has not seen the request.
   */
  get #hasLostIdleConnection(): boolean {
    return this.#answersBefore > 0 && this.#connection?.answers === this.#answersBefore
  }

  #sendAgain(error: Error): void {
    this.#connection = undefined
    const message = `${this.#provider} closed an idle connection (${error.message}): sent again on a new one`
    this.#attempt.exchange.noteRetry('connection', message)
    this.#heardAtMs = performance.now()
    this.#sendAlone(this)
  }

  /** Gives up on a provider that sends nothing for too long, unless the gateway itself keeps it from sending. */
  tick(nowMs: number): void {
    const { firstByteTimeoutMs, idleTimeoutMs } = this.#attempt.exchange.serving.limits
    this.#answer.tick(nowMs)
    const timeoutMs = this.#hasStarted ? idleTimeoutMs : firstByteTimeoutMs
    if (this.#isAborted || this.#isPaused || nowMs - this.#heardAtMs < timeoutMs) return
    this.abort()
    this.#fail(problems.upstreamTimeout(this.#provider), `no byte for ${timeoutMs} ms`)
  }

  get #provider(): string {
    return this.#attempt.route.provider
  }

  #fail(problem: ApiProblem, error: string): void {
    const { exchange } = this.#attempt
    exchange.services.logger.warn({ provider: this.#provider, requestId: exchange.id, error }, 'the upstream failed')
    this.#answer.fail(problem)
  }

  pause(): void {
    this.#isPaused = true
    if (this.#decoder) this.#decoder.pause()
    else this.#controller?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#heardAtMs = performance.now()
    if (this.#decoder) this.#decoder.resume()
    else this.#controller?.resume()
  }

  abort(): void {
    this.#isAborted = true
    this.#decoder?.destroy()
    this.#controller?.abort(new Error('no longer wanted'))
  }

  /** From here on the decoder slows down the provider, and the client slows down the decoder. */
  #decode(codings: readonly string[]): void {
    this.#decoder = answerDecoder(codings)
    if (!this.#decoder) {
      this.#failToDecode()
      return
    }
    this.#decoder
      .on(
        'data',
        this.#guarded((bytes: Buffer) => this.#answer.data(bytes)),
      )
      .on('drain', () => this.#controller?.resume())
      .on(
        'end',
        this.#guarded(() => this.#answer.end()),
      )
      .on('error', () => this.#failToDecode())
  }

  #failToDecode(): void {
    this.#answer.fail(problems.upstreamMalformed(this.#provider))
    this.abort()
  }

  /** Nothing else catches an error that is thrown in an event of the decoder. */
  #guarded<T>(act: (value: T) => void): (value: T) => void {
    return (value) => {
      try {
        act(value)
      } catch (error) {
        const { exchange } = this.#attempt
        exchange.services.logger.error({ err: error, requestId: exchange.id }, 'an answer failed')
        this.#failToDecode()
      }
    }
  }

  #toProblem(error: Error): ApiProblem {
    if (error.name === 'HTTPParserError' || hasErrorCode(error, 'UND_ERR_HEADERS_OVERFLOW')) {
      return problems.upstreamMalformed(this.#provider)
    }
    const wasConnected = ['UND_ERR_SOCKET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'ECONNRESET', 'EPIPE']
    const isBroken = this.#hasStarted || wasConnected.some((code) => hasErrorCode(error, code))
    return isBroken ? problems.upstreamDisconnected() : problems.upstreamUnreachable(this.#provider)
  }
}
