import { run } from '../../host/host.ts'
import { putLogsBack, restoreLogs as restoreLogsScript } from '../../remote/log-folder.ts'
import type { Definition } from '../definition.ts'

/** The log databases of a backup come back: never into a folder with others. */
export const restoreLogs: Definition<'restore-logs'> = {
  describe({ id, isReplacing, inconsistent }) {
    const aside = isReplacing ? `; the present ones move to logs/db.before-${id}` : ''
    return [
      `put its log databases in place${aside}`,
      ...(inconsistent.length > 0
        ? [`put ${inconsistent.length} that may be damaged into logs/db.unverified-${id}: ${inconsistent.join(', ')}`]
        : []),
    ]
  },
  title: 'Put the log databases in place',
  async run({ source, id, owner, inconsistent }, { host, layout }) {
    const { folder } = layout
    const command = restoreLogsScript({ folder, source, id, owner: `${owner.uid}:${owner.gid}`, inconsistent })
    await run(host, 'put the log databases in place', command)
    return 'Put the log databases of the backup in place'
  },
  undo: ({ id }, { host, layout }) => ({
    what: 'put the log databases back',
    async action() {
      await run(host, 'put the log databases back', putLogsBack(layout.folder, id))
    },
  }),
}
