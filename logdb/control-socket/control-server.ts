import { once } from 'node:events'
import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { errorMessage, UserError } from '../../kit/user-error.ts'
import { logdbError } from '../error-table.ts'
import { isFollowed } from './ask-follow.ts'
import { controlSocketPath, type FollowEvent, type FollowRequest, factsOf, parseRequest } from './control-protocol.ts'
import { jsonLine, linesOf } from './json-lines.ts'

/** Does what is asked and says how far it is, `done` or `failed` last. Never throws. */
export type Answer = (request: FollowRequest, say: (event: FollowEvent) => void) => Promise<void>

const OWNER_ONLY = 0o600
const MAX_CLIENTS = 64
const MAX_REQUEST_BYTES = 64 * 1024
/** A client that has sent no request by then is not one. */
const REQUEST_TIMEOUT_MS = 10_000
/** Progress is left out for a client that does not read. */
const MAX_UNREAD_BYTES = 64 * 1024
/** Of `sockaddr_un`, on the systems that have the shortest one, with the zero at the end. */
const MAX_PATH_BYTES = 103

/** The control socket of an `ingest --follow`, while it is open. */
export class ControlServer {
  readonly #path: string
  readonly #inode: number
  readonly #server: Server
  readonly #sockets: Set<Socket>

  private constructor(path: string, server: Server, sockets: Set<Socket>) {
    this.#path = path
    this.#inode = lstatSync(path).ino
    this.#server = server
    this.#sockets = sockets
  }

  /**
   * Listens at once to the user who runs this process, and to nobody else. A socket file that a killed process left is
   * replaced.
   * @param out folder of the log database
   * @throws UserError DATABASE_IN_USE if another process listens, FILE_ERROR if there cannot be a socket
   */
  static async listen(out: string, answer: Answer): Promise<ControlServer> {
    const path = controlSocketPath(out)
    // Another name first: at no time can others connect, and the file of a killed process is replaced in one step.
    const own = `${path}.${process.pid}`
    if (Buffer.byteLength(own) > MAX_PATH_BYTES) throw tooLong(path)
    if (await isFollowed(out)) throw followed(out)
    mkdirSync(out, { recursive: true })
    rmSync(own, { force: true })
    const sockets = new Set<Socket>()
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket.once('close', () => sockets.delete(socket)))
      void serve(socket, answer)
    })
    server.maxConnections = MAX_CLIENTS
    server.listen(own)
    await once(server, 'listening').catch((error: unknown) => {
      throw noSocket(path, error)
    })
    chmodSync(own, OWNER_ONLY)
    renameSync(own, path)
    return new ControlServer(path, server, sockets)
  }

  /** Clients get what was said to them before. */
  async close(): Promise<void> {
    if (lstatSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode) rmSync(this.#path, { force: true })
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroySoon()
    await closed
  }
}

async function serve(socket: Socket, answer: Answer): Promise<void> {
  // A client that is gone does not need what is said to it.
  socket.on('error', () => {}).setTimeout(REQUEST_TIMEOUT_MS, () => socket.destroy())
  const say = (event: FollowEvent) => {
    if (event.event === 'progress' && socket.writableLength > MAX_UNREAD_BYTES) return
    if (socket.writable) socket.write(jsonLine(event))
  }
  try {
    const request = await firstRequest(socket)
    socket.setTimeout(0)
    if (request) await answer(request, say)
  } catch (error) {
    if (error instanceof UserError) say({ event: 'failed', error: factsOf(error) })
    else socket.destroy()
  } finally {
    socket.destroySoon()
  }
}

/** Undefined if the client ended without one. @throws UserError USAGE, Error if it is too long */
async function firstRequest(socket: Socket): Promise<FollowRequest | undefined> {
  const { value } = await linesOf(socket, MAX_REQUEST_BYTES).next()
  return value === undefined ? undefined : parseRequest(value)
}

function noSocket(path: string, cause: unknown): UserError {
  const hint = 'check that this user may write there, and that the disk can have sockets'
  return logdbError('FILE_ERROR', `there can be no socket ${path}: ${errorMessage(cause)}`, hint, cause)
}

function tooLong(path: string): UserError {
  const hint = 'choose a log database with a shorter path to give it jobs, and to see them in logdb ui'
  return logdbError('FILE_ERROR', `the path ${path} is too long for a socket`, hint)
}

function followed(out: string): UserError {
  const hint = 'end the other one, or leave it alone; both read new records'
  return logdbError('DATABASE_IN_USE', `another logdb ingest --follow takes the jobs of ${out}`, hint)
}
