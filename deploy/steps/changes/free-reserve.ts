import * as files from '../../remote/files.ts'
import type { Definition } from '../definition.ts'

/** On a full disk: makes room for the route file, state.json and the audit line. */
export const freeReserve: Definition<'free-reserve'> = {
  describe: () => [],
  explain: () => ['free the 1 MiB that is kept for a rollback on a full disk, if there is no space'],
  title: 'Free the reserve',
  async run(_change, { host, layout }) {
    await host.exec(files.removeTree(layout.reserve))
    return 'Freed the space that is kept for a full disk'
  },
  undo: () => undefined,
}
