import { type Duplex, Transform } from 'node:stream'

/**
 * Lets data through only as fast as the socket takes it. Without it a long upload over a slow line fills every buffer on the
 * way with its own data, and what other channels send waits behind that.
 */
export function pacedBy(socket: Duplex): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      if (!socket.writableNeedDrain || socket.destroyed) return done(null, chunk)
      const go = () => {
        socket.off('drain', go).off('close', go)
        done(null, chunk)
      }
      socket.on('drain', go).on('close', go)
    },
  })
}
