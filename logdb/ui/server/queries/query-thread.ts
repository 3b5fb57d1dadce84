import { parentPort } from 'node:worker_threads'
import { UserError } from '../../../../kit/user-error.ts'
import { answerTo, type Question } from './queries.ts'

/** What the thread sends back. */
export type FromThread =
  | { kind: 'answer'; answer: unknown }
  | { kind: 'user_error'; code: string; message: string; hint: string }
  | { kind: 'error'; stack: string }

parentPort?.on('message', async (question: Question) => {
  parentPort?.postMessage(await messageFor(question))
})

async function messageFor(question: Question): Promise<FromThread> {
  try {
    return { kind: 'answer', answer: await answerTo(question) }
  } catch (error) {
    if (error instanceof UserError) {
      return { kind: 'user_error', code: error.code, message: error.message, hint: error.hint }
    }
    return { kind: 'error', stack: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
