import { setTimeout as delay } from 'node:timers/promises'
import { deployError } from '../../errors.ts'
import { gatewayUrl } from '../../plan/address/gateway-address.ts'
import { maxRequestsPerS, startTraffic } from '../../probe/traffic.ts'
import type { Definition } from '../definition.ts'

/** Sends requests until the plan ends; if some of them fail before anything is changed, nothing is. */
export const beginTraffic: Definition<'begin-traffic'> = {
  describe: ({ pace }) => [
    `send at most ${maxRequestsPerS(pace)} requests a second from this machine, for at most ${pace.maxS / 60} minutes`,
  ],
  explain: ({ gateway, dialogId }) => [
    `to the built-in model, through ${gatewayUrl(gateway)}: one connection, new connections and streams`,
    `their log records have the dialog_id ${dialogId}`,
  ],
  title: 'Send requests',
  async run({ gateway, beforeMs, ...traffic }, { measured, signal }) {
    const url = gatewayUrl(gateway)
    measured.traffic = await startTraffic({ url, apiKey: gateway.apiKey, ...traffic })
    await delay(beforeMs, undefined, { signal })
    const { failed, failures } = measured.traffic.counts()
    if (failed === 0) return `${url} answers from here`
    throw deployError(
      'NOT_REACHABLE',
      `requests from here fail already before the drill: ${failures[0]}`,
      'nothing was changed; find the cause with: ai-deploy status and ai-deploy test-https',
    )
  },
  /** Its requests are sent until everything else is undone. */
  undo: (_, { measured }) => ({
    what: 'end the requests',
    action: async () => void (await measured.traffic?.end()),
  }),
}
