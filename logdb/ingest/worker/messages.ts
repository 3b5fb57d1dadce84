import type { ReadingJob } from '../reading/source-reader.ts'

/** To the worker: a job, that this many bytes have been dealt with, or the end of the job that is running. */
export type ToWorker = { kind: 'read'; job: ReadingJob } | { kind: 'written'; size: number } | { kind: 'stop' }

/** From the worker. JSON is cheaper than the structured clone of that many small values. */
export type FromWorker =
  | { kind: 'packet'; json: string; tail: Uint8Array; bytes: Uint8Array }
  | { kind: 'done' }
  | { kind: 'unreadable'; message: string }

/** How much a packet adds to the bytes that wait to be written. */
export function sizeOf(json: string, bytes: Uint8Array): number {
  return json.length + bytes.length
}
