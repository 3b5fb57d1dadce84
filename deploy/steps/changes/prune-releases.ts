import * as docker from '../../remote/docker.ts'
import type { Definition } from '../definition.ts'
import { removeReleases } from '../remove-releases.ts'

/** Removes releases and images that no rollback needs. What runs is never removed. */
export const prune: Definition<'prune'> = {
  describe: ({ removed, tags }) => [
    ...(removed.length > 0 ? [`remove the releases ${removed.map(({ release }) => release).join(', ')}`] : []),
    ...(tags.length > 0 ? [`remove the images ${tags.map((tag) => `ai-proxy:${tag}`).join(', ')}`] : []),
  ],
  title: 'Remove what no rollback needs',
  async run({ removed, keptTags }, { host, layout }) {
    const running = await removeReleases({ host, layout }, removed)
    await host.exec(docker.pruneImages(keptTags))
    const count = removed.length - running.length
    const done = `Removed ${count} ${count === 1 ? 'release' : 'releases'}, and images that nothing needs`
    return running.length === 0 ? done : `${done}; ${running.join(', ')} still finishes running answers`
  },
  undo: () => undefined,
  settles: 'before',
}
