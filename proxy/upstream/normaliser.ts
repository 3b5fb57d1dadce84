import type { ApiProblem } from '../problems.ts'

/** What makes a provider's answers what the API says they are. Bytes that are right already pass unchanged. */
export interface Normaliser {
  /** For one stream: takes whole lines of events and gives back what goes out in their place. */
  lines: () => ((lines: Buffer) => Buffer) | undefined
  /** What an error of this status and body means; undefined if it can pass as it is. */
  problem: (status: number, body: Buffer) => ApiProblem | undefined
  /** Reads an answer in one body, which passes as it is. */
  read?: (body: Buffer) => void
}
