import { setTimeout as delay } from 'node:timers/promises'
import type { GatewayAddress } from '../../plan/address/gateway-address.ts'
import type { Server } from '../definition.ts'
import { edgeProbe } from './edge-answer.ts'

const ANSWER_TIMEOUT_MS = 15_000
const POLL_MS = 100

/**
 * Waits until the Python gateway answers on the server's ports. Its answers have no name of a release.
 * @returns what it did instead, in words, if that takes too long
 */
export async function awaitPredecessor(
  { host, signal }: Pick<Server, 'host' | 'signal'>,
  gateway: GatewayAddress,
): Promise<string | undefined> {
  const deadline = performance.now() + ANSWER_TIMEOUT_MS
  const probe = edgeProbe({ host, signal }, gateway, { timeoutMs: 1000 })
  try {
    for (;;) {
      const status = await probe.get('/health').then(
        (answer) => answer.status,
        () => undefined,
      )
      if (status === 200) return undefined
      if (performance.now() > deadline) return `GET /health ${status === undefined ? 'fails' : `answers ${status}`}`
      await delay(POLL_MS, undefined, { signal })
    }
  } finally {
    await probe.close()
  }
}
