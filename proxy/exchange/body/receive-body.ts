import type { IncomingMessage } from 'node:http'
import type { Transform } from 'node:stream'
import type { Endpoint } from '../../apis/api.ts'
import { codingsOf, REQUEST_CODINGS, requestDecoder } from '../../content-coding.ts'
import { type ApiProblem, problems } from '../../problems.ts'
import type { Flow } from '../client-response.ts'
import type { Exchange } from '../exchange.ts'
import { giveOthersATurn } from './read-in-turns.ts'
import { nextStep } from './request-body.ts'

/** How long a body that is held may take to arrive. */
const MAX_RECEIVE_MS = 300_000

/**
 * Reads the client's body into the exchange, then calls `onComplete`. A body that is announced as too large, or in a coding
 * that the gateway does not take, is refused before it is sent; every other body that is not accepted is refused after it
 * was read up to the limit, so that the record shows what was sent. A client that leaves in the middle closes its response,
 * which ends the exchange.
 */
export function receiveBody(exchange: Exchange<Endpoint>, onComplete: () => void): void {
  const { headers } = exchange.request
  const type = headers['content-type']
  const wrongType = type !== undefined && !isJsonType(type) ? problems.unsupportedMediaType(type) : undefined
  const maxBytes = exchange.serving.limits.bodyMaxBytes
  const { decoder, coding, problem } = bodyDecoder(exchange.request)
  if (problem) {
    exchange.refuse(problem)
    return
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) {
    exchange.refuse(problems.tooLarge(maxBytes))
    return
  }
  if (headers.expect !== undefined) exchange.response.askForBody()
  const receiver = new BodyReceiver(exchange, { maxBytes, wrongType, onComplete })
  if (decoder) receiver.decode(decoder, coding)
  else receiver.read()
}

interface BodyDecoder {
  /** Undefined for a body that is not compressed. */
  decoder?: Transform | undefined
  coding: string
  problem?: ApiProblem
}

const NOT_CODED: BodyDecoder = { coding: '' }

/** What decodes the body of this request. */
export function bodyDecoder({ headers }: IncomingMessage): BodyDecoder {
  if (headers['content-encoding'] === undefined) return NOT_CODED
  const codings = codingsOf(headers['content-encoding'])
  const [coding = '', ...more] = codings
  const decoder = more.length === 0 ? requestDecoder(coding) : undefined
  if (codings.length === 0 || decoder) return { decoder, coding }
  return { coding, problem: problems.unsupportedCoding(codings.join(', '), REQUEST_CODINGS) }
}

interface ReceiverOptions {
  maxBytes: number
  /** Why the body is refused, once it is here. */
  wrongType: ApiProblem | undefined
  onComplete: () => void
}

class BodyReceiver implements Flow {
  readonly #exchange: Exchange<Endpoint>
  readonly #startedAtMs = performance.now()
  readonly #options: ReceiverOptions
  #isRefused = false

  constructor(exchange: Exchange<Endpoint>, options: ReceiverOptions) {
    this.#exchange = exchange
    this.#options = options
    exchange.response.follow(this)
  }

  /** Nothing is sent to the client yet. */
  pause(): void {}

  resume(): void {}

  abort(): void {
    this.#isRefused = true
  }

  /** The answer has its own timeouts. */
  tick(nowMs: number): void {
    if (nowMs - this.#startedAtMs >= MAX_RECEIVE_MS) this.#refuse(problems.receiveTimeout())
  }

  read(): void {
    const { request, body } = this.#exchange
    body.announcedBytes = Number(request.headers['content-length'] ?? 0)
    request.on('data', (piece: Buffer) => {
      if (this.#isRefused) return
      body.receivedBytes += piece.length
      this.#take(piece)
      giveOthersATurn(request, piece, body.receivedBytes)
    })
    request.on('end', () => this.#end())
  }

  /** Neither the body nor what it decodes to may be larger than the limit, because a few bytes can become many or none. */
  decode(decoder: Transform, coding: string): void {
    const { request, body } = this.#exchange
    const stop = () => void decoder.destroy()
    request.on('data', (piece: Buffer) => {
      body.receivedBytes += piece.length
      if (body.receivedBytes > this.#options.maxBytes) this.#refuse(problems.tooLarge(this.#options.maxBytes))
      if (this.#isRefused) stop()
    })
    // Every request closes, some of them before they end.
    request.on('close', () => {
      if (!request.complete) stop()
    })
    decoder.on('data', (piece: Buffer) => this.#take(piece))
    decoder.on('end', () => this.#end())
    decoder.on('error', () => this.#refuse(problems.badCoding(coding)))
    request.pipe(decoder)
  }

  #take(piece: Buffer): void {
    if (this.#isRefused) return
    const { body, services } = this.#exchange
    const { maxBytes } = this.#options
    body.push(piece)
    if (body.sizeBytes > maxBytes) this.#refuse(problems.tooLarge(maxBytes))
    else if (services.bodyMemory.isFull) this.#refuse(problems.overloaded())
  }

  #refuse(problem: ApiProblem): void {
    if (this.#isRefused) return
    this.#isRefused = true
    this.#exchange.refuse(this.#options.wrongType ?? problem)
  }

  #end(): void {
    if (this.#isRefused) return
    const { wrongType, onComplete } = this.#options
    this.#exchange.timings.complete()
    if (wrongType) {
      this.#exchange.refuse(wrongType)
      return
    }
    nextStep(this.#exchange, onComplete)
  }
}

const JSON_TYPE = 'application/json'

/** `application/json`, and types built on it, with any parameters. */
export function isJsonType(type: string): boolean {
  return type === JSON_TYPE || /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type.trim())
}
