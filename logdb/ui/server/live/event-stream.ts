import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

/** Proxies end connections that are silent for longer. */
const SIGN_OF_LIFE_MS = 15_000

/**
 * Server-sent events for one browser. An event that a slow browser has no room for is left out, so it takes no memory; when
 * there is room again, the event `missed` says so.
 */
export class EventStream {
  readonly #response: ServerResponse
  readonly #timer: NodeJS.Timeout
  #hasMissed = false
  /** Signs of life that were sent since the browser last had room. */
  #signsWithoutRoom = 0

  /** @param mayContinue is asked now and then; if it says no, the stream ends */
  constructor(reply: FastifyReply, mayContinue: () => boolean) {
    reply.hijack()
    this.#response = reply.raw
    const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }
    this.#response.writeHead(200, { ...reply.getHeaders(), ...headers } as Record<string, string>)
    this.#response.write(': open\n\n')
    this.#response.on('drain', () => this.#reportMissed())
    this.#response.on('error', () => this.#response.destroy())
    this.#timer = setInterval(() => this.#showLife(mayContinue), SIGN_OF_LIFE_MS)
    this.#timer.unref()
    this.#response.on('close', () => clearInterval(this.#timer))
  }

  get isOpen(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded
  }

  onClose(listener: () => void): void {
    if (this.isOpen) this.#response.on('close', listener)
    else listener()
  }

  send(event: string, data: unknown): void {
    if (!this.isOpen) return
    if (this.#response.writableNeedDrain) this.#hasMissed = true
    else this.#response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  end(): void {
    if (this.isOpen) this.#response.end()
  }

  #reportMissed(): void {
    this.#signsWithoutRoom = 0
    if (!this.#hasMissed) return
    this.#hasMissed = false
    this.send('missed', {})
  }

  #showLife(mayContinue: () => boolean): void {
    if (!mayContinue()) this.end()
    else if (!this.#response.writableNeedDrain) this.#response.write(': still here\n\n')
    else if (++this.#signsWithoutRoom === MAX_SIGNS_WITHOUT_ROOM) this.#response.destroy()
  }
}

/** A browser that takes nothing for this many signs of life is gone. */
const MAX_SIGNS_WITHOUT_ROOM = 4
