import { run } from '../../host/host.ts'
import { removeUi as removal } from '../../remote/logdb/release-ui.ts'
import type { Definition } from '../definition.ts'

export const removeUi: Definition<'remove-ui'> = {
  describe: () => ['remove the Logs UI'],
  explain: () => ['the release that answers has none (LOGUI in .env)'],
  title: 'Remove the Logs UI',
  async run(_change, { host, layout }) {
    await run(host, 'remove the Logs UI', removal(layout.folder))
    return 'The Logs UI is removed'
  },
  undo: () => undefined,
  settles: 'before',
}
