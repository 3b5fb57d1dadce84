import * as files from '../../remote/files.ts'
import type { Definition } from '../definition.ts'

export const keepReserve: Definition<'keep-reserve'> = {
  describe: () => [],
  explain: () => ['keep 1 MiB for a rollback on a full disk'],
  title: 'Keep a reserve',
  async run(_change, { host, layout, warn }) {
    const { exitCode } = await host.exec(files.keepReserve(layout.reserve))
    if (exitCode === 0) return 'Kept 1 MiB for a rollback on a full disk'
    warn(`there is no space for ${layout.reserve}, which a rollback on a full disk needs`)
    return 'The disk is full'
  },
  undo: () => undefined,
  settles: 'before',
}
