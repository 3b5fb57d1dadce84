import { run } from '../../host/host.ts'
import * as files from '../../remote/files.ts'
import { renderHold } from '../../server/lock/hold.ts'
import { putFile } from '../../server/transfer.ts'
import type { Definition } from '../definition.ts'
import { orUploadFails } from '../or-fail.ts'

export const placeHold: Definition<'place-hold'> = {
  describe: ({ text }) => [`put the server on hold, so that nothing but a rollback changes it: ${text}`],
  title: 'Put the server on hold',
  async run({ text }, { host, layout, now, actor }) {
    const hold = renderHold({ at: now.toISOString(), by: actor, text })
    await orUploadFails(() => putFile(host, layout.hold, hold))
    return 'The server is on hold'
  },
  undo: (_change, { host, layout }) => ({
    what: 'end the hold',
    async action() {
      await run(host, 'end the hold', files.removeTree(layout.hold))
    },
  }),
}
