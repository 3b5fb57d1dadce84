import { type Connection, connect } from '../server/connect.ts'
import type { Facts } from '../server/facts.ts'
import { type ServerLayout, serverLayout } from '../server/layout.ts'
import { gatherFacts } from '../server/read-facts.ts'
import type { Context } from './context.ts'
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

/** Connects, looks at the server, and closes the connection when the action has ended. */
export async function withServer<T>(
  { options, terminal, connect: reach = connect }: Context,
  action: (open: OpenServer) => Promise<T>,
): Promise<T> {
  const questions = questionsOn(terminal)
  const start = performance.now()
  const connection = await reach(options, questions)
  const connected = performance.now()
  try {
    const layout = serverLayout(options.path ?? `${connection.home}/${DEFAULT_FOLDER}`)
    const facts = await gatherFacts(connection.host, layout.folder)
    const times = [
      { step: 'Connect', ms: Math.round(connected - start) },
      { step: 'Look at the server', ms: Math.round(performance.now() - connected) },
    ]
    return await action({ connection, layout, facts, questions, times })
  } finally {
    await connection.host.close()
  }
}
