import { setTimeout as delay } from 'node:timers/promises'
import type { Definition } from '../definition.ts'

const LOOK_INTERVAL_MS = 100

/** Lets the other container answer for a while, and no longer once a request has failed. */
export const watchTraffic: Definition<'watch-traffic'> = {
  describe: () => [],
  explain: ({ answeringMs }) => [`let it answer for ${answeringMs / 1000} seconds`],
  title: 'Let it answer',
  async run({ answeringMs }, { measured, signal }) {
    const end = performance.now() + answeringMs
    while (performance.now() < end && measured.traffic?.counts().failed === 0) {
      await delay(LOOK_INTERVAL_MS, undefined, { signal })
    }
    const failed = measured.traffic?.counts().failed ?? 0
    return failed === 0
      ? `It has answered for ${answeringMs / 1000} s`
      : `${failed} requests have failed, so it ends here`
  },
  undo: () => undefined,
}
