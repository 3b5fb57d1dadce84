import { buildConnector, Client, type Dispatcher, Pool } from 'undici'
import { type AnswerState, skipUnaskedContinue } from './unasked-continue.ts'

const CONNECT_TIMEOUT_MS = 10_000
const KEEP_ALIVE_MS = 30_000
const OPTIONS: Client.Options = {
  // One request at a time on each connection: a stream would hold up all requests behind it.
  pipelining: 1,
  // The relay checks the timeouts of an answer.
  headersTimeout: 0,
  bodyTimeout: 0,
  keepAliveTimeout: KEEP_ALIVE_MS,
}
const CONNECT = { timeout: CONNECT_TIMEOUT_MS }

/** The connection that carries a request. */
export interface Connection {
  /** How many answers have begun on it, at least with one byte; encryption is not counted. */
  readonly answers: number
}

/** A request that learns which connection carries it. */
export interface TrackedRequest extends Dispatcher.DispatchOptions {
  onConnection?: (connection: Connection) => void
}

/** The connections to one provider, which are used again. */
export class Connections {
  readonly #origin: string
  readonly #pool: Pool

  constructor(origin: string) {
    this.#origin = origin
    const factory = (url: URL, options: object) => new TrackedClient(url, options)
    this.#pool = new Pool(origin, { ...OPTIONS, connect: CONNECT, factory })
  }

  dispatch(request: TrackedRequest, handler: Dispatcher.DispatchHandler): void {
    this.#pool.dispatch(request, handler)
  }

  /** On a connection of its own, which is closed afterwards. */
  dispatchAlone(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    const client = new TrackedClient(new URL(this.#origin), { ...OPTIONS, connect: buildConnector(CONNECT) })
    client.dispatch(request, handler)
    void client.close()
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}

type Connector = NonNullable<Extract<Client.Options['connect'], (...args: never[]) => unknown>>

/** Counts the answers on its connection, which is that of one request at a time. */
class TrackedClient extends Client implements Connection, AnswerState {
  answers = 0
  awaitsHead = false
  #hasBytes = false

  constructor(origin: URL, options: Client.Options) {
    const connect = options.connect as Connector
    super(origin, {
      ...options,
      connect: (target, callback) =>
        connect(target, (...result) => {
          this.answers = 0
          if (result[1]) skipUnaskedContinue(result[1], this)
          callback(...result)
        }),
    })
  }

  override dispatch(request: TrackedRequest, handler: Dispatcher.DispatchHandler): boolean {
    request.onConnection?.(this)
    this.awaitsHead = true
    this.#hasBytes = false
    return super.dispatch(request, handler)
  }

  noteBytes(): void {
    if (!this.#hasBytes) this.answers++
    this.#hasBytes = true
  }
}
