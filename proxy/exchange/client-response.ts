import type { ServerResponse } from 'node:http'
import type { LimitsConfig } from '../../kit/gateway-config/config-file.ts'
import type { ReplyAsEvent, WholeReply } from '../apis/reply-as-event.ts'
import { EVENT_STREAM_HEADERS, type HeaderList } from '../header-list.ts'
import { gatherEnd, gatherWrites } from './gathered-writes.ts'
import type { Timings } from './timings.ts'

/** A comment on its own line, without a blank line: some clients take a blank line for an event. */
const PING = Buffer.from(': ping\n')

/** The source of an answer, which can be slowed down and stopped. */
export interface Flow {
  pause: () => void
  resume: () => void
  abort: () => void
  /** Checks its timeouts; `nowMs` is the time of performance.now. */
  tick?: (nowMs: number) => void
}

export interface ClientResponseOptions {
  timings: Timings
  /** Makes a list of the headers of every response; called when the head is sent. */
  commonHeaders: () => HeaderList
  /** What is sent of a whole answer when the stream has already begun without it. */
  asEvent: (reply: WholeReply) => ReplyAsEvent
  /** Called once, when nothing more can be sent. */
  onClose: () => void
}

/** The response to one client: its head, its bytes, and the pace at which the client reads them. */
export class ClientResponse {
  readonly #response: ServerResponse
  readonly #options: ClientResponseOptions
  #flow: Flow | null = null
  #statusCode: number | undefined
  #bytesOut = 0
  /** The head of a stream was sent before there was an answer. */
  #isEarly = false
  #hasBegun = false
  #isEnded = false
  #isBrokenOff = false
  #isClosed = false
  #isWaitingForDrain = false
  /** Bytes that the client has not read, and since when it has read none of them. */
  #backlog = { bytes: 0, sinceMs: 0 }
  #lastWriteMs = 0

  constructor(response: ServerResponse, options: ClientResponseOptions) {
    this.#response = response
    this.#options = options
    response.on('close', () => this.close())
  }

  /** Undefined until the head is sent. */
  get statusCode(): number | undefined {
    return this.#statusCode
  }

  /** Bytes of the body that were handed to the connection. */
  get bytesOut(): number {
    return this.#bytesOut
  }

  /** Bytes that the client has not read yet. */
  get backlogBytes(): number {
    return this.#response.writableLength
  }

  /** True once an answer, and not only a comment before it, is being sent. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** True once nothing more can be sent. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** True if the response ended as the gateway decided; false while it runs, and if the client has gone. */
  get isFinished(): boolean {
    return this.#response.writableFinished || this.#isBrokenOff
  }

  /** The source of the answer. */
  get flow(): Flow | null {
    return this.#flow
  }

  /** From now on this flow is paused when the client reads more slowly than it sends. */
  follow(flow: Flow): void {
    this.#flow = flow
  }

  /** Stops the source of the answer. */
  abort(): void {
    this.#flow?.abort()
  }

  /** For a client that waits for permission before it sends its body. */
  askForBody(): void {
    this.#response.writeContinue()
  }

  /**
   * Sends a whole body with one write.
   * @returns false if the client got an error instead, because a stream had begun
   */
  reply(status: number, headers: HeaderList, body: Buffer): boolean {
    if (this.#isClosed) return true
    if (this.#isEarly) return this.#replyInStream({ status, headers, body })
    this.#writeHead(status, headers, body.length)
    this.end(body)
    return true
  }

  #replyInStream(reply: WholeReply): boolean {
    this.#hasBegun = true
    const { bytes, isLost } = this.#options.asEvent(reply)
    this.end(bytes)
    return !isLost
  }

  /**
   * Begins a stream before there is an answer, with a comment. From then on its status and headers are fixed, and an error
   * can only be an event.
   */
  beginEarly(): void {
    if (this.#isClosed || this.#hasBegun || this.#isEarly) return
    this.#writeHead(200, EVENT_STREAM_HEADERS)
    this.#hasBegun = false
    this.#isEarly = true
    this.ping()
  }

  /** Sends a comment, which clients skip: it is not a part of the answer. */
  ping(): void {
    if (this.#isClosed || this.#isEnded) return
    this.#lastWriteMs = performance.now()
    this.#bytesOut += PING.length
    this.#response.write(PING)
  }

  /**
   * Sends the head of a body that comes in pieces, together with the first piece if that is already here.
   * @returns false if the client got an error instead, because a stream of another kind had begun
   */
  begin(status: number, headers: HeaderList): boolean {
    if (this.#isClosed) return true
    if (this.#isEarly) {
      this.#hasBegun = true
      return headers.includes('text/event-stream') || this.#replyInStream({ status, headers })
    }
    this.#writeHead(status, headers)
    process.nextTick(() => {
      if (!this.#options.timings.hasBegun && !this.#isClosed && !this.#isEnded) this.#response.flushHeaders()
    })
    return true
  }

  write(bytes: Buffer): void {
    if (this.#isClosed || this.#isEnded) return
    this.#count(bytes)
    gatherWrites(this.#response.socket, bytes.length)
    if (this.#response.write(bytes) || this.#isWaitingForDrain) return
    this.#isWaitingForDrain = true
    this.#flow?.pause()
    this.#response.once('drain', () => {
      this.#isWaitingForDrain = false
      this.#backlog.sinceMs = 0
      this.#flow?.resume()
    })
  }

  end(bytes?: Buffer): void {
    if (this.#isClosed || this.#isEnded) return
    this.#isEnded = true
    if (bytes) this.#count(bytes)
    gatherEnd(this.#response, bytes)
  }

  /** The client sees a network error: the only sign that is left when a body of known length stops. */
  breakOff(): void {
    // What was ended is on its way.
    if (this.#isEnded) return
    this.#isBrokenOff = true
    this.#response.destroy()
  }

  /** Ends the connection of a client that has stopped reading. */
  drop(): void {
    this.#response.destroy()
  }

  /** Called when the connection has closed; may be called more than once. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#options.onClose()
  }

  /**
   * Checks the flow's timeouts, then the client's.
   * @param nowMs time of performance.now
   * @returns `stuck` if the client has read nothing for too long, `quiet` if nothing was sent to it for a while
   */
  tick(nowMs: number, { slowReaderTimeoutMs, keepaliveMs }: LimitsConfig): 'stuck' | 'quiet' | undefined {
    this.#flow?.tick?.(nowMs)
    if (this.#isWaitingForDrain || this.#isEnded) {
      const bytes = this.backlogBytes
      const hasMoved = bytes !== this.#backlog.bytes || this.#backlog.sinceMs === 0
      if (hasMoved) this.#backlog = { bytes, sinceMs: nowMs }
      return !hasMoved && nowMs - this.#backlog.sinceMs >= slowReaderTimeoutMs ? 'stuck' : undefined
    }
    return this.#lastWriteMs > 0 && nowMs - this.#lastWriteMs >= keepaliveMs ? 'quiet' : undefined
  }

  /** @param sizeBytes undefined if it is not known */
  #writeHead(status: number, headers: HeaderList, sizeBytes?: number): void {
    this.#statusCode = status
    this.#hasBegun = true
    const all = this.#options.commonHeaders()
    for (const text of headers) all.push(text)
    if (sizeBytes !== undefined) all.push('content-length', String(sizeBytes))
    this.#response.writeHead(status, all)
    this.#lastWriteMs = performance.now()
  }

  #count(bytes: Buffer): void {
    this.#lastWriteMs = performance.now()
    this.#options.timings.firstByteOut(this.#lastWriteMs)
    this.#bytesOut += bytes.length
  }
}
