import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningExchanges } from '../exchange/running.ts'
import type { Gateway } from '../http/build-gateway.ts'

export interface DrainOptions {
  /** How long new connections are still accepted: the load balancer may not yet know that this process stops. */
  lingerMs: number
  /** After this, answers that are still running are cut off. */
  timeoutMs: number
}

/** How long the last events may take to reach their clients. */
const FINAL_FLUSH_MS = 1_000

/**
 * Ends the gateway without breaking an answer: at once it is not ready any more, then it accepts no new connections, then
 * it waits until nothing is running. Every request that arrives before the end is answered, and its connection is closed
 * after the answer.
 */
export async function drain(
  { app, readiness }: Gateway,
  running: RunningExchanges,
  { lingerMs, timeoutMs }: DrainOptions,
): Promise<void> {
  readiness.isDraining = true
  await sleep(lingerMs)
  // Node calls this when it stops listening, and takes a connection for idle although its last answer is still being sent.
  app.server.closeIdleConnections = () => {}
  const closed = app.close()
  await running.idle(timeoutMs)
  if (running.size > 0) {
    app.log.warn({ cut: running.size }, 'the drain timeout is over: running answers are cut')
    running.cutAll()
    await running.idle(FINAL_FLUSH_MS)
  }
  app.server.closeAllConnections()
  await closed
}
