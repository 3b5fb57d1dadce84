import type { IncomingMessage } from 'node:http'

/** What is still read of a body that nobody wants, so that a client that is sending it sees the answer. */
const MAX_DISCARDED_BYTES = 256 * 1024
const MAX_LINGER_MS = 1_000

/** Whether the client may still be sending a body. */
export function hasUnreadBody({ headers, complete }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = headers
  return !complete && (coding !== undefined || (length !== undefined && length !== '0'))
}

/**
 * Closes the connection of a request that is answered before its body was read; the answer needs the header
 * `connection: close`. After the answer only the gateway's side is closed: if all of it were closed while bytes arrive, the
 * client's system would report a broken connection, and the client could lose the answer.
 * @param isWanted whether somebody still reads the body
 */
export function closeAfterAnswer(request: IncomingMessage, isWanted = () => false): void {
  const { socket } = request
  let discardedBytes = 0
  request.on('data', (piece: Buffer) => {
    if (!isWanted()) discardedBytes += piece.length
    if (discardedBytes >= MAX_DISCARDED_BYTES) request.pause()
  })
  const closeAll = socket.destroySoon.bind(socket)
  // Node calls this when it has sent the answer.
  socket.destroySoon = () => {
    if (request.complete) {
      closeAll()
      return
    }
    socket.end()
    const timer = setTimeout(() => socket.destroy(), MAX_LINGER_MS).unref()
    request.once('end', closeAll)
    socket.once('close', () => clearTimeout(timer))
  }
}
