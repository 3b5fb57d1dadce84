import { run } from '../../host/host.ts'
import * as docker from '../../remote/docker.ts'
import { containerName, releaseOf } from '../../server/instance.ts'
import type { Definition } from '../definition.ts'

/** A release usually stops at once after SIGTERM; if not, it finishes its streams without us. */
const WAIT_S = 3

/** Sends SIGTERM to the other releases; each finishes what it has begun, and its container is kept. */
export const stopPrevious: Definition<'stop-previous'> = {
  describe: ({ leftovers }) => leftovers.map((name) => `stop ${name}, which a run that was cut off left behind`),
  explain: ({ previous }) =>
    previous === null ? [] : [`stop release ${releaseOf(previous)} when it has finished its running answers`],
  title: 'Stop the previous release',
  async run({ containers, previous }, { host }) {
    for (const name of containers) {
      await host.exec(docker.restartPolicy(name, 'no'))
      await run(host, `stop ${name}`, docker.stopDetached(name))
    }
    if (previous === null) return 'Stopped every other release'
    const { stdout } = await host.exec(docker.waitExited(containerName(previous), WAIT_S))
    return stdout.trim() === 'running'
      ? `${releaseOf(previous)} finishes its running answers, then stops by itself`
      : `${releaseOf(previous)} is stopped and kept`
  },
  undo: () => undefined,
  settles: 'before',
}
