import type { IncomingHttpHeaders } from 'node:http'
import { Readable, type Transform } from 'node:stream'
import type { Dispatcher } from 'undici'
import { hasErrorCode } from '../../kit/user-error.ts'
import type { Endpoint } from '../apis/api.ts'
import { answerDecoder, codingsOf } from '../content-coding.ts'
import type { Flow } from '../exchange/client-response.ts'
import type { RunningAnswer } from '../exchange/ports.ts'
import { type ApiProblem, problems } from '../problems.ts'
import type { Attempt } from './attempt.ts'
import type { Connection, Connections } from './connections.ts'

/** A body that is sent while it arrives, so it can be sent only once. */
export interface Upload extends Readable {
  /** When a piece of it was last sent, on the clock of performance.now. */
  readonly movedAtMs: number
  /** The client does not send the next piece. */
  readonly isWaiting: boolean
}

/** The HTTP request to a provider. */
export interface UpstreamRequest {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  headers: Record<string, string>
  /** Null if it has none. Pieces need the header `content-length`. */
  body: Buffer | readonly Buffer[] | Upload | null
}

/** Whether a body can be sent only once. */
export function isUpload(body: UpstreamRequest['body']): body is Upload {
  return body instanceof Readable
}

/** Takes an answer while it arrives. */
export interface UpstreamAnswer extends RunningAnswer {
  start: (status: number, headers: IncomingHttpHeaders) => void
  data: (bytes: Buffer) => void
  end: () => void
  /** Checks its timeouts; `nowMs` is the time of performance.now. */
  tick?: (nowMs: number) => void
}

/** Sends a request to a provider and its answer to the client. */
export function relay<E extends Endpoint>(
  attempt: Attempt<E>,
  answer: UpstreamAnswer,
  connections: Connections,
  request: UpstreamRequest,
): void {
  const { exchange } = attempt
  const { method, path, headers, body } = request
  const handler = new RelayHandler(attempt, answer, connections, request)
  exchange.answerWith(answer, handler)
  exchange.timings.dispatched()
  // On a connection that the provider is just closing, an upload would be lost.
  if (isUpload(body)) connections.dispatchAlone(request, handler)
  else connections.dispatch({ method, path, headers, body, sender: handler }, handler)
}

const NONE: readonly string[] = []
/** What a proxy says of itself is for neither the client nor the log: the client has not chosen it. */
const PROXY_REFUSES = 407

class RelayHandler implements Dispatcher.DispatchHandler, Flow {
  readonly #attempt: Attempt<Endpoint>
  readonly #answer: UpstreamAnswer
  readonly #upload: Upload | undefined
  readonly #connections: Connections
  readonly #request: UpstreamRequest
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

  constructor(attempt: Attempt<Endpoint>, answer: UpstreamAnswer, connections: Connections, request: UpstreamRequest) {
    const { body } = request
    this.#attempt = attempt
    this.#answer = answer
    this.#connections = connections
    this.#request = request
    this.#upload = isUpload(body) ? body : undefined
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
    const { answeringProxy } = this.#connections
    if (status === PROXY_REFUSES && answeringProxy) {
      this.abort()
      this.#fail(
        problems.upstreamUnreachable(this.#provider),
        `the proxy ${answeringProxy} refused a request with status ${status}`,
      )
      return
    }
    this.#hasStarted = true
    this.#heardAtMs = performance.now()
    this.#answer.start(status, headers)
    const encoding = headers['content-encoding']
    const codings = encoding === undefined ? NONE : codingsOf(encoding)
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
    this.#connections.dispatchAlone(this.#request, this)
  }

  /** Gives up on a provider that sends nothing for too long, unless the gateway itself keeps it from sending. */
  tick(nowMs: number): void {
    const { firstByteTimeoutMs, idleTimeoutMs } = this.#attempt.exchange.serving.limits
    this.#answer.tick?.(nowMs)
    const timeoutMs = this.#hasStarted ? idleTimeoutMs : firstByteTimeoutMs
    const movedAtMs = Math.max(this.#heardAtMs, this.#upload?.movedAtMs ?? 0)
    if (this.#isAborted || this.#isPaused || nowMs - movedAtMs < timeoutMs) return
    const isClientSlow = this.#upload?.isWaiting === true
    this.abort()
    if (isClientSlow) {
      this.#answer.fail(problems.receiveTimeout())
      return
    }
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
