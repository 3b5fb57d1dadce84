import type { Dispatcher, Client as UndiciClient, Pool as UndiciPool } from 'undici'
import { proxyHeaders, throughTunnel } from './outbound-proxy.ts'
import { writeInSteps } from './socket/stepped-writes.ts'
import { type AnswerState, skipUnaskedContinue } from './socket/unasked-continue.ts'
import { buildConnector, Client, Pool } from './undici-parts.ts'

const CONNECT_TIMEOUT_MS = 10_000
const KEEP_ALIVE_MS = 30_000
const GET_TIMEOUT_MS = 5_000
const MAX_GET_BYTES = 16 * 2 ** 20
const OPTIONS: UndiciClient.Options = {
  // One request at a time on each connection: a stream would hold up all requests behind it.
  pipelining: 1,
  // The relay checks the timeouts of an answer.
  headersTimeout: 0,
  bodyTimeout: 0,
  keepAliveTimeout: KEEP_ALIVE_MS,
}

/** How a provider is reached. */
export interface ConnectionOptions {
  /** Certificates of the authorities that are trusted, in PEM; undefined: those that Node trusts. */
  ca?: readonly string[] | undefined
  /** The proxy that leads there. */
  proxy?: URL | undefined
}

/** The connection that carries a request. */
export interface Connection {
  /** How many answers have begun on it, at least with one byte; encryption is not counted. */
  readonly answers: number
}

/** A request; undici takes a list of pieces too, which its types do not know. */
type SentRequest = Omit<Dispatcher.DispatchOptions, 'body'> & {
  body?: Dispatcher.DispatchOptions['body'] | readonly Buffer[]
}

/** A request whose sender learns which connection carries it. */
export type TrackedRequest = SentRequest & {
  sender?: { usesConnection: (connection: Connection) => void }
}

/** The connections to one provider, which are used again. */
export class Connections {
  readonly #origin: string
  readonly #connect: Connector
  readonly #pool: UndiciPool
  /** What a proxy needs to pass on requests that are not encrypted. */
  readonly #forwarded: { origin: string; headers: Record<string, string> } | undefined
  /** The name of the proxy that answers in place of the provider if it refuses a request; undefined if none can. */
  readonly answeringProxy: string | undefined

  constructor(origin: string, { ca, proxy }: ConnectionOptions = {}) {
    const isForwarded = proxy !== undefined && origin.startsWith('http:')
    const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, ...(ca && !isForwarded && { ca: [...ca] }) })
    this.#origin = isForwarded ? proxy.origin : origin
    this.answeringProxy = isForwarded ? proxy.host : undefined
    this.#forwarded = isForwarded
      ? { origin, headers: { host: new URL(origin).host, ...proxyHeaders(proxy) } }
      : undefined
    this.#connect = proxy && !isForwarded ? throughTunnel(proxy, connect, CONNECT_TIMEOUT_MS) : connect
    const factory = (url: URL, options: object) => new TrackedClient(url, options)
    this.#pool = new Pool(this.#origin, { ...OPTIONS, connect: this.#connect, factory })
  }

  dispatch(request: TrackedRequest, handler: Dispatcher.DispatchHandler): void {
    this.#pool.dispatch(this.#addressed(request) as Dispatcher.DispatchOptions, handler)
  }

  /** A proxy takes whole URLs: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2 */
  #addressed<T extends SentRequest>(request: T): T {
    if (!this.#forwarded) return request
    const { origin, headers } = this.#forwarded
    return { ...request, path: `${origin}${request.path}`, headers: { ...request.headers, ...headers } }
  }

  /** On a connection of its own, which is closed afterwards. */
  dispatchAlone(request: SentRequest, handler: Dispatcher.DispatchHandler): void {
    const client = new TrackedClient(new URL(this.#origin), { ...OPTIONS, connect: this.#connect })
    client.dispatch(this.#addressed(request) as Dispatcher.DispatchOptions, handler)
    void client.close()
  }

  /**
   * Gets a text that is not for a client.
   * @throws if there is none in time, it is too long, or the status is an error
   */
  async get(path: string, headers: Record<string, string>): Promise<string> {
    const signal = AbortSignal.timeout(GET_TIMEOUT_MS)
    // The index gives the pool its method `request`.
    await import('undici')
    const { statusCode, body } = await this.#pool.request(this.#addressed({ method: 'GET', path, headers, signal }))
    const pieces: Buffer[] = []
    let bytes = 0
    for await (const piece of body) {
      bytes += piece.length
      if (statusCode >= 300 || bytes > MAX_GET_BYTES) throw new Error(`status ${statusCode}, ${bytes} bytes`)
      pieces.push(piece)
    }
    return Buffer.concat(pieces).toString('utf8')
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}

type Connector = NonNullable<Extract<UndiciClient.Options['connect'], (...args: never[]) => unknown>>

/** Counts the answers on its connection, which is that of one request at a time. */
class TrackedClient extends Client implements Connection, AnswerState {
  answers = 0
  awaitsHead = false
  #hasBytes = false

  constructor(origin: URL, options: UndiciClient.Options) {
    const connect = options.connect as Connector
    super(origin, {
      ...options,
      connect: (target, callback) =>
        connect(target, (...result) => {
          this.answers = 0
          if (result[1]) {
            skipUnaskedContinue(result[1], this)
            writeInSteps(result[1])
          }
          callback(...result)
        }),
    })
  }

  override dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { sender }: TrackedRequest = request
    sender?.usesConnection(this)
    this.awaitsHead = true
    this.#hasBytes = false
    return super.dispatch(request, handler)
  }

  noteBytes(): void {
    if (!this.#hasBytes) this.answers++
    this.#hasBytes = true
  }
}
