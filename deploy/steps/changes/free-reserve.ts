import * as files from '../../remote/files.ts'
import type { Definition } from '../definition.ts'

/** On a full disk: makes room for the route file, state.json and the audit line. */
export const freeReserve: Definition<'free-reserve'> = {
  describe: () => [],
  title: 'Free the reserve',
  async run(_change, { host, layout }) {
    await host.exec(files.removeTree(layout.reserve))
    return 'Freed the space that is kept for a full disk'
  },
  undo: () => undefined,
}
