import * as docker from '../../remote/docker.ts'
import * as files from '../../remote/files.ts'
import { containerName } from '../../server/instance.ts'
import type { Definition } from '../definition.ts'

/** Removes releases that are too old for a rollback, with their containers and images. */
export const cleanUp: Definition<'clean-up'> = {
  describe: () => [],
  title: 'Clean up',
  async run({ live, keptCount, removed, keptTags }, { host, layout }) {
    for (const { release, containers } of removed) {
      for (const name of containers) await host.exec(docker.removeContainer(name))
      await host.exec(files.removeTree(layout.release(release)))
    }
    await host.exec(docker.pruneImages(keptTags))
    return removed.length === 0
      ? `Kept ${containerName(live)} and ${keptCount} earlier`
      : `Removed all but the last ${keptCount + 1} releases`
  },
  undo: () => undefined,
  settles: 'before',
}
