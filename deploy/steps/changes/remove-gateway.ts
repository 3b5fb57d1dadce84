import { run } from '../../host/host.ts'
import { removeGateway as removal } from '../../remote/removal.ts'
import type { Definition } from '../definition.ts'

/** Takes everything off the server that runs, and what a deploy makes again. */
export const removeGateway: Definition<'remove-gateway'> = {
  describe: ({ containers, tags }) => [
    containers.length > 0
      ? `stop and remove the gateway and the edge: ${containers.join(', ')}`
      : 'remove what is left of the gateway and the edge',
    'remove the releases, the files of the edge, scripts/logdb and what runs logdb auto',
    ...(tags.length > 0 ? [`remove the images ${tags.map((tag) => `ai-proxy:${tag}`).join(', ')}`] : []),
  ],
  explain: ({ isLive }) => (isLive ? ['running answers may end first, in at most the drain time of the release'] : []),
  downtime: ({ isLive }) => (isLive ? 'the gateway answers no longer' : undefined),
  title: 'Remove the gateway',
  async run(_change, { host, layout }) {
    await run(host, 'remove the gateway', removal(layout.folder))
    return 'The gateway and the edge are removed'
  },
  undo: () => undefined,
  settles: 'before',
}
