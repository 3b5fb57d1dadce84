import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { hasErrorCode, type UserError } from '../../kit/user-error.ts'
import { logdbError } from '../error-table.ts'
import { controlSocketPath, errorOf, type FollowEvent, type FollowRequest } from './control-protocol.ts'
import { jsonLine, linesOf } from './json-lines.ts'

export interface AskOptions {
  /** Gets all events but the last one. */
  onEvent?: ((event: FollowEvent) => void) | undefined
  /** Ends the waiting; the job is done nevertheless. */
  signal?: AbortSignal | undefined
}

/**
 * Asks the `ingest --follow` of a log database to do something, and waits until it is done.
 * @param out folder of the log database
 * @returns the result; undefined if no `ingest --follow` runs there, and so nothing was done
 * @throws UserError that of the job; FOLLOW_ENDED if the process ended before the job was done, which may be repeated
 * @example
 * const asked = await askFollow('logs/db', { job: 'index', since: '2025-09-15' }, { onEvent: console.log })
 * console.log(asked ? asked.result : 'run logdb ingest --follow')
 */
export async function askFollow(
  out: string,
  request: FollowRequest,
  { onEvent, signal }: AskOptions = {},
): Promise<{ result: unknown } | undefined> {
  const socket = await connected(out)
  if (!socket) return undefined
  const stop = () => socket.destroy()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    signal?.throwIfAborted()
    socket.write(jsonLine(request))
    for await (const line of linesOf(socket)) {
      const event = JSON.parse(line) as FollowEvent
      if (event.event === 'done') return { result: event.result }
      if (event.event === 'failed') throw errorOf(event.error)
      onEvent?.(event)
    }
  } catch (error) {
    signal?.throwIfAborted()
    if (!isConnectionLost(error)) throw error
  } finally {
    signal?.removeEventListener('abort', stop)
    socket.destroy()
  }
  signal?.throwIfAborted()
  throw ended(request)
}

/** True if an `ingest --follow` takes jobs for a log database. @param out folder of the log database */
export async function isFollowed(out: string): Promise<boolean> {
  const socket = await connected(out)
  socket?.destroy()
  return socket !== undefined
}

/** Undefined if nobody listens. @throws UserError FILE_ERROR */
async function connected(out: string): Promise<Socket | undefined> {
  const path = controlSocketPath(out)
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return socket
  } catch (error) {
    socket.destroy()
    if (!hasErrorCode(error, 'EACCES') && !hasErrorCode(error, 'EPERM')) return undefined
    const hint = 'run this command as the user who runs logdb ingest --follow'
    throw logdbError('FILE_ERROR', `${path} belongs to another user`, hint, error)
  }
}

function isConnectionLost(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].some((code) => hasErrorCode(error, code))
}

function ended({ job }: FollowRequest): UserError {
  const message = `logdb ingest --follow ended before the job ${job} was done`
  return logdbError('FOLLOW_ENDED', message, 'ask for it again; it continues, or does what is missing')
}
