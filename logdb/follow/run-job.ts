import { on } from 'node:events'
import { errorOf, type JobProgress, type JobRequest } from '../control-socket/control-protocol.ts'
import { hasThreads, startThread } from '../threads.ts'
import type { FromJobThread } from './job-thread.ts'
import { doJob, type JobContext } from './jobs.ts'

export interface JobControl {
  onProgress: (progress: JobProgress) => void
  /** Ends the job wherever it is. Every job can be killed and repeated. */
  signal: AbortSignal
}

/**
 * Does a job in a separate thread, so that the socket is answered meanwhile.
 * @throws UserError, or the reason of the signal
 */
export async function runJob(request: JobRequest, context: JobContext, control: JobControl): Promise<unknown> {
  const { onProgress, signal } = control
  if (!hasThreads()) return doJob(request, context, onProgress)
  const worker = startThread('follow/job-thread', { workerData: { request, context } })
  try {
    for await (const [message] of on(worker, 'message', { signal }) as AsyncIterable<[FromJobThread]>) {
      if (message.kind === 'done') return message.result
      if (message.kind === 'failed') throw errorOf(message.error)
      onProgress(message.progress)
    }
    throw new Error('the thread of a job ended without a result')
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    await worker.terminate()
  }
}
