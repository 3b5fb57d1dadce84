import { run } from '../../host/host.ts'
import { mendOwners, stopPredecessor as stopScript } from '../../remote/predecessor.ts'
import type { Definition } from '../definition.ts'

/** What is left of the Python gateway after its ports were taken. Its containers are what a rollback goes back to. */
export const stopPredecessor: Definition<'stop-predecessor'> = {
  describe: () => [],
  explain: ({ uid, gid }) => [
    'stop the rest of the Python gateway, its log pages too',
    `give logs/ with all log databases to the user of the gateway (${uid}:${gid}); let only root read .env and backups/`,
  ],
  title: 'Stop the Python gateway',
  async run({ uid, gid }, { host, layout }) {
    await run(host, 'give the logs to the user of the gateway', mendOwners(layout.folder, uid, gid))
    // Last: what still runs shows the next run that this was cut off.
    await host.exec(stopScript())
    return 'The Python gateway is stopped and kept'
  },
  undo: () => undefined,
  settles: 'before',
}
