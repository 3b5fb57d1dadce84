import type { Socket } from 'node:net'
import { ZERO } from '../../../kit/ascii.ts'

/** One whole response of this kind, with its headers. */
const WHOLE = /^HTTP\/1\.[01] 100[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/
const BEGINNING = /^HTTP\/1\.[01] 100/
const BEGINNING_LENGTH = 'HTTP/1.1 100'.length
const MAX_HEAD_BYTES = 4096
const ONE = ZERO + 1

/** Whether the next bytes of a connection begin an answer. */
export interface AnswerState {
  awaitsHead: boolean
  /** Called when bytes arrive while it is awaited. */
  noteBytes: () => void
}

/**
 * Removes "100 Continue" from the beginning of answers, where nobody asked for it: undici takes it for a broken answer, but
 * every client has to be able to read it (https://www.rfc-editor.org/rfc/rfc9110#section-15.2).
 */
export function skipUnaskedContinue(socket: Socket, state: AnswerState): void {
  const read = socket.read.bind(socket)
  let held: Buffer = Buffer.alloc(0)
  socket.read = (size?: number): Buffer | null => {
    const bytes: Buffer | null = read(size)
    if (!state.awaitsHead || bytes === null) return bytes
    state.noteBytes()
    if (held.length === 0 && !mayContinue(bytes)) {
      state.awaitsHead = false
      return bytes
    }
    const rest = withoutContinue(Buffer.concat([held, bytes]))
    held = isUndecided(rest) ? rest : Buffer.alloc(0)
    // There is more only if it arrives, and then undici reads again.
    if (held.length > 0 || rest.length === 0) return null
    state.awaitsHead = false
    return rest
  }
}

/** Nearly every answer begins otherwise: a cheap test before the others, which make texts of the bytes. */
function mayContinue(bytes: Buffer): boolean {
  return (
    bytes.length < BEGINNING_LENGTH || (bytes[BEGINNING_LENGTH - 3] === ONE && bytes[BEGINNING_LENGTH - 2] === ZERO)
  )
}

function withoutContinue(bytes: Buffer): Buffer {
  let rest = bytes
  while (true) {
    const [whole] = WHOLE.exec(rest.toString('latin1', 0, MAX_HEAD_BYTES)) ?? []
    if (whole === undefined) return rest
    rest = rest.subarray(whole.length)
  }
}

/** The beginning of such a response whose end is not here. */
function isUndecided(rest: Buffer): boolean {
  if (rest.length >= BEGINNING_LENGTH)
    return rest.length < MAX_HEAD_BYTES && BEGINNING.test(rest.toString('latin1', 0, BEGINNING_LENGTH))
  return rest.length > 0 && 'HTTP/1.1 100'.startsWith(rest.toString('latin1'))
}
