import { type Connection, connect } from '../server/connect.ts'
import type { Facts } from '../server/facts.ts'
import { type ServerLayout, serverLayout } from '../server/layout.ts'
import { gatherFacts } from '../server/read-facts.ts'
import type { Context } from './context.ts'
import { isOvertaken, waitForLock } from './lock/wait-for-lock.ts'
import { type Questions, questionsOn } from './prompts.ts'
import type { StepTime } from './run-steps.ts'

/** A server that we are connected to, and what it looks like. */
export interface OpenServer {
  connection: Connection
  layout: ServerLayout
  facts: Facts
  questions: Questions
  /** How long connecting and looking took. */
  times: StepTime[]
}

const DEFAULT_FOLDER = 'ai-proxy'

/**
 * Connects, looks at the server, and closes the connection when the action has ended. With `--lock-wait` an action that
 * another run keeps from changing the server is begun again after that run, on what the server looks like then.
 * @param patienceMs how long the gateway may take to answer before it is called silent, if not the usual time
 */
export async function withServer<T>(
  { options, terminal, connect: reach = connect }: Context,
  action: (open: OpenServer) => Promise<T>,
  patienceMs?: number,
): Promise<T> {
  const questions = questionsOn(terminal)
  const start = performance.now()
  const connection = await reach(options, questions)
  const connected = performance.now()
  try {
    const layout = serverLayout(options.path ?? `${connection.home}/${DEFAULT_FOLDER}`)
    const waiting = { host: connection.host, folder: layout.folder, terminal }
    let until: number | undefined
    for (;;) {
      const begun = performance.now()
      const facts = await gatherFacts(connection.host, layout.folder, patienceMs)
      const times = [
        { step: 'Connect', ms: Math.round(connected - start) },
        { step: 'Look at the server', ms: Math.round(performance.now() - begun) },
      ]
      try {
        return await action({ connection, layout, facts, questions, times })
      } catch (error) {
        until ??= performance.now() + options.lockWaitMs
        if (!isOvertaken(error) || !(await waitForLock(waiting, until))) throw error
      }
    }
  } finally {
    await connection.host.close()
  }
}
