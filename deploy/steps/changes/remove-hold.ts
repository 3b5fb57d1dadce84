import { run } from '../../host/host.ts'
import * as files from '../../remote/files.ts'
import type { Definition } from '../definition.ts'

export const removeHold: Definition<'remove-hold'> = {
  describe: ({ hold }) => [`end the hold of ${hold.at}, by ${hold.by}: ${hold.text}`],
  title: 'End the hold',
  async run(_change, { host, layout }) {
    await run(host, 'end the hold', files.removeTree(layout.hold))
    return 'The server may be changed again'
  },
  undo: () => undefined,
}
