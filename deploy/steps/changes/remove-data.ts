import { run } from '../../host/host.ts'
import * as files from '../../remote/files.ts'
import type { Definition } from '../definition.ts'

export const removeData: Definition<'remove-data'> = {
  describe: ({ backups, hasLogDatabases }) => [
    `remove all data for ever: .env, certificates, logs${hasLogDatabases ? ', log databases' : ''} and ${backups === 1 ? '1 backup' : `${backups} backups`}`,
  ],
  title: 'Remove the data',
  async run(_change, { host, layout }) {
    await run(host, `remove ${layout.folder}`, files.removeTree(layout.folder))
    return `Removed ${layout.folder}`
  },
  undo: () => undefined,
  settles: 'before',
}
