import type { ApiProblem } from '../problems.ts'

/** Corrects the answers of a provider where they differ from the API. Bytes that are correct stay unchanged. */
export interface Normaliser {
  /** Begins one stream. */
  stream: () => StreamNormaliser | undefined
  /** The meaning of an error with this status and body; undefined if it can be passed on unchanged. */
  problem: (status: number, body: Buffer) => ApiProblem | undefined
  /** Reads an answer in one body, and returns the body to send instead. */
  read?: (body: Buffer) => Buffer
}

/** Takes whole lines of events and returns the lines to send instead. */
export interface StreamNormaliser {
  rewrite: (lines: Buffer) => Buffer
  /** The stream has ended after these lines; what its end still needs is added. */
  end: (lines: Buffer) => Buffer
  /** The stream may have been cut after these lines: what waits is returned as it is, and nothing is added. */
  cut: (lines: Buffer) => Buffer
}
