import { errorMessage } from '../../../kit/user-error.ts'
import { deployError } from '../../errors.ts'
import { run } from '../../host/host.ts'
import { makeBackup } from '../../remote/backup.ts'
import type { Definition } from '../definition.ts'

const BACKUPS_KEPT = 5

/** Backs up what answers now. */
export const backUp: Definition<'back-up'> = {
  describe: () => [],
  title: 'Back up',
  async run({ name, release, image, owner, protects }, { host, layout }) {
    const command = makeBackup({
      folder: layout.folder,
      name,
      release,
      image,
      owner: `${owner.uid}:${owner.gid}`,
      keep: BACKUPS_KEPT,
      protect: protects ?? '',
    })
    try {
      const sizeBytes = Number((await run(host, 'write the backup', command)).trim())
      return `Wrote backups/${name} (${Math.ceil(sizeBytes / 1024)} KiB)`
    } catch (error) {
      const hint = 'nothing was changed; remove the cause (often a full disk), then run again'
      throw deployError('BACKUP_FAILED', errorMessage(error), hint, error)
    }
  },
  undo: () => undefined,
}
