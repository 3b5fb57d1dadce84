import type { ApiProblem } from '../problems.ts'

/** Corrects the answers of a provider where they differ from the API. Bytes that are correct stay unchanged. */
export interface Normaliser {
  /** Makes the function for one stream: it takes whole lines of events and returns the lines to send instead. */
  lines: () => ((lines: Buffer) => Buffer) | undefined
  /** The meaning of an error with this status and body; undefined if it can be passed on unchanged. */
  problem: (status: number, body: Buffer) => ApiProblem | undefined
  /** Reads an answer in one body, which is passed on unchanged. */
  read?: (body: Buffer) => void
}
