/**
 * The floor for a relay in Node: `node:http` and `undici` dispatch, without authentication, mapping, log or error
 * handling worth the name. It answers as the gateway does: a small body of known length by one `end`, anything else in
 * pieces as they come, and a slow reader pauses the upstream. As a process: `bare-relay.ts <port> <upstream origin>`.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'

const SMALL_BYTES = 64 * 1024

class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse
  #small: Buffer[] | undefined
  #controller: Dispatcher.DispatchController | undefined

  constructor(response: ServerResponse) {
    this.#response = response
    response.on('close', () => {
      if (!response.writableFinished) this.#controller?.abort(new Error('the client left'))
    })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    const { 'content-type': type = 'application/json', 'content-length': length } = headers
    this.#response.writeHead(status, {
      'content-type': type,
      ...(length !== undefined && { 'content-length': length }),
    })
    if (Number(length) <= SMALL_BYTES) this.#small = []
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#small) {
      this.#small.push(bytes)
    } else if (!this.#response.write(bytes)) {
      controller.pause()
      this.#response.once('drain', () => controller.resume())
    }
  }

  onResponseEnd(): void {
    const pieces = this.#small ?? []
    this.#response.end(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces))
  }

  onResponseError(): void {
    this.#response.destroy()
  }
}

const [port = '0', upstream = ''] = process.argv.slice(2)
const pool = new Pool(upstream, { pipelining: 1 })
const server = createServer((request, response) => {
  const received: Buffer[] = []
  request.on('data', (piece: Buffer) => received.push(piece))
  request.on('end', () => {
    const body = received.length === 1 ? (received[0] ?? null) : Buffer.concat(received)
    const headers = { 'content-type': 'application/json' }
    pool.dispatch({ method: 'POST', path: request.url ?? '/', headers, body }, new Relay(response))
  })
})
server.listen(Number(port), '127.0.0.1')
