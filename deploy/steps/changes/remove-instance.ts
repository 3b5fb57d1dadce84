import { run } from '../../host/host.ts'
import * as docker from '../../remote/docker.ts'
import { containerName } from '../../server/instance.ts'
import type { Definition } from '../definition.ts'

/** The requests of the drill end sooner; those of others may not. */
const WAIT_S = 20

/** Takes away the container that a drill has started. */
export const removeInstance: Definition<'remove-instance'> = {
  describe: ({ instance }) => [`remove ${containerName(instance)} when it has finished its running answers`],
  title: 'Remove the other container',
  async run({ instance }, { host, warn }) {
    const container = containerName(instance)
    await run(host, `stop ${container}`, docker.stopAndRemove(container))
    const { exitCode } = await host.exec(docker.waitRemoved(container, WAIT_S))
    if (exitCode === 0) return `${container} is removed`
    warn(`${container} still finishes running answers of clients; it is removed by itself then`)
    return `${container} finishes its running answers`
  },
  undo: () => undefined,
  settles: 'before',
}
