import type { Definition } from '../definition.ts'
import { removeUnpacked as remove } from './unpack-backup.ts'

export const removeUnpacked: Definition<'remove-unpacked'> = {
  describe: () => [],
  explain: () => ['remove the unpacked files of the backup'],
  title: 'Remove the unpacked backup',
  async run({ staging }, { host }) {
    await remove(host, staging)
    return 'Removed the unpacked backup'
  },
  undo: () => undefined,
}
