import type { Dispatcher } from 'undici'
import { hasErrorCode } from '../../kit/user-error.ts'
import { type ApiProblem, problems } from '../errors.ts'
import type { Exchange, Flow } from '../exchange.ts'
import { Answer } from './answer.ts'

export interface UpstreamCall {
  path: string
  headers: Record<string, string>
  body: Buffer
}

/** Sends a request upstream and its answer to the client. */
export function relay(exchange: Exchange, dispatcher: Dispatcher, call: UpstreamCall): void {
  const handler = new RelayHandler(exchange)
  exchange.flow = handler
  exchange.markDispatched()
  dispatcher.dispatch({ ...call, method: 'POST' }, handler)
}

class RelayHandler implements Dispatcher.DispatchHandler, Flow {
  readonly #exchange: Exchange
  readonly #answer: Answer
  #controller: Dispatcher.DispatchController | undefined
  #aborted = false

  constructor(exchange: Exchange) {
    this.#exchange = exchange
    this.#answer = new Answer(exchange)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#aborted) controller.abort(new Error('no longer wanted'))
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[]>): void {
    if (status >= 200) this.#answer.start(status, headers)
  }

  onResponseData(_: Dispatcher.DispatchController, bytes: Buffer): void {
    this.#answer.data(bytes)
  }

  onResponseEnd(): void {
    this.#answer.end()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#aborted) return
    const provider = this.#exchange.route?.provider ?? 'The upstream'
    const requestId = this.#exchange.id
    this.#exchange.context.logger.warn({ provider, requestId, error: error.message }, 'the upstream failed')
    this.#answer.fail(toProblem(error, provider))
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(): void {
    this.#aborted = true
    this.#controller?.abort(new Error('no longer wanted'))
  }
}

function toProblem(error: Error, provider: string): ApiProblem {
  const isTimeout = ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'].some((code) => hasErrorCode(error, code))
  if (isTimeout) return problems.upstreamTimeout(provider)
  const wasConnected = hasErrorCode(error, 'UND_ERR_SOCKET') || hasErrorCode(error, 'ECONNRESET')
  return wasConnected ? problems.upstreamDisconnected() : problems.upstreamUnreachable(provider)
}
