import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { RunningExchanges } from '../exchange/running.ts'

export interface DrainOptions {
  /** New connections are taken for so long: who sent us here may not have heard yet that we are going. */
  lingerMs: number
  /** After this, what still runs is cut. */
  timeoutMs: number
}

/** The last events have so long to reach their clients. */
const LAST_WORDS_MS = 1_000

/**
 * Ends the gateway without breaking an answer: not ready at once, then no new connections, then nothing running. Until
 * then every request that gets in is answered, and its connection closed after it.
 */
export async function drain(
  app: FastifyInstance,
  running: RunningExchanges,
  { lingerMs, timeoutMs }: DrainOptions,
): Promise<void> {
  running.draining = true
  await sleep(lingerMs)
  const closed = app.close()
  await running.idle(timeoutMs)
  if (running.size > 0) {
    app.log.warn({ cut: running.size }, 'the drain timeout is over: running answers are cut')
    running.cutAll()
    await running.idle(LAST_WORDS_MS)
  }
  app.server.closeAllConnections()
  await closed
}
