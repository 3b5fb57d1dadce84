import * as docker from '../../remote/docker.ts'
import { containerName } from '../../server/instance.ts'
import type { Definition } from '../definition.ts'
import { removeReleases } from '../remove-releases.ts'

/** Removes releases that are too old for a rollback, with their containers and images. What runs is never removed. */
export const cleanUp: Definition<'clean-up'> = {
  describe: () => [],
  explain: ({ removed }) =>
    removed.length === 0 ? [] : [`remove old releases: ${removed.map(({ release }) => release).join(', ')}`],
  title: 'Clean up',
  async run({ live, keptCount, removed, draining, keptTags }, { host, layout }) {
    const running = [...draining, ...(await removeReleases({ host, layout }, removed))]
    await host.exec(docker.pruneImages(keptTags))
    const done =
      removed.length === 0
        ? `Kept ${containerName(live)} and ${keptCount} earlier`
        : `Removed all but the last ${keptCount + 1} releases`
    if (running.length === 0) return done
    return `${done}; ${running.join(', ')} still finishes running answers, and a later deploy removes it`
  },
  undo: () => undefined,
  settles: 'before',
}
