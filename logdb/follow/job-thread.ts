import { parentPort, workerData } from 'node:worker_threads'
import { userFacing } from '../command-line/user-facing-error.ts'
import { type ErrorFacts, factsOf, type JobProgress, type JobRequest } from '../control-socket/control-protocol.ts'
import { doJob, type JobContext } from './jobs.ts'

/** What the thread sends. */
export type FromJobThread =
  | { kind: 'progress'; progress: JobProgress }
  | { kind: 'done'; result: unknown }
  | { kind: 'failed'; error: ErrorFacts }

const { request, context } = workerData as { request: JobRequest; context: JobContext }

function send(message: FromJobThread): void {
  parentPort?.postMessage(message)
}

try {
  const result = await doJob(request, context, (progress) => send({ kind: 'progress', progress }))
  send({ kind: 'done', result })
} catch (error) {
  send({ kind: 'failed', error: factsOf(userFacing(error, request.job)) })
}
