import type { Socket } from 'node:net'

/** What one step sends, which takes the system about a tenth of a millisecond. */
const STEP_BYTES = 256 * 1024

interface Piece {
  chunk: Buffer | string
  encoding: BufferEncoding
}
type Write = (pieces: Piece[], done: (error?: Error | null) => void) => void

/**
 * Makes a connection send a large body in steps, with other work in between. In one step the system would copy, and TLS
 * encrypt, as much of it as there is room for: beside bodies of 5 MB, small requests waited twice as long in the median.
 * `npm run bench -- gateway` shows it.
 */
export function writeInSteps(socket: Socket): void {
  const writeOne = socket._write.bind(socket)
  const writeAll = socket._writev?.bind(socket) as Write | undefined
  if (!writeAll) return
  socket._write = (chunk: Piece['chunk'], encoding, done) => {
    if (isLarge(chunk)) writeSteps(stepsOf([{ chunk, encoding }]), writeAll, done)
    else writeOne(chunk, encoding, done)
  }
  socket._writev = (pieces: Piece[], done) => {
    if (pieces.some(({ chunk }) => isLarge(chunk))) writeSteps(stepsOf(pieces), writeAll, done)
    else writeAll(pieces, done)
  }
}

function isLarge(chunk: Piece['chunk']): chunk is Buffer {
  return chunk.length > STEP_BYTES && typeof chunk !== 'string'
}

/** Small pieces go with the large one that follows them. */
function* stepsOf(pieces: readonly Piece[]): Generator<Piece[]> {
  let step: Piece[] = []
  for (const piece of pieces) {
    const { chunk, encoding } = piece
    if (!isLarge(chunk)) {
      step.push(piece)
      continue
    }
    for (let at = 0; at < chunk.length; at += STEP_BYTES) {
      yield [...step, { chunk: chunk.subarray(at, at + STEP_BYTES), encoding }]
      step = []
    }
  }
  if (step.length > 0) yield step
}

function writeSteps(steps: Generator<Piece[]>, write: Write, done: (error?: Error | null) => void): void {
  const { value: step } = steps.next()
  if (!step) done()
  else write(step, (error) => (error ? done(error) : setImmediate(writeSteps, steps, write, done)))
}
