import { copyTarget, describeTarget, readCopySettings } from '../../../kit/backup-copy/copy-settings.ts'
import type { Environment } from '../../../kit/settings/environment.ts'
import type { CopyWishes } from '../situation.ts'

/** Where copies of backups go. @throws UserError CONFIG_INVALID if the settings for that are not complete */
export async function copyWishes(environment: Environment): Promise<CopyWishes | undefined> {
  const settings = await readCopySettings(environment)
  return settings && { to: describeTarget(settings.target), isEncrypted: settings.recipients.length > 0 }
}

/** A colon before any slash, as scp tells a machine from a folder. */
const ELSEWHERE = /^[^/]*:/

/**
 * The same for a deploy, which lets nothing begin that would fail later.
 * @throws UserError CONFIG_INVALID also if the server's routine could not copy bundles of logs where LOGDB_AUTO_TO says
 */
export async function checkedCopyWishes(environment: Environment): Promise<CopyWishes | undefined> {
  const to = environment['LOGDB_AUTO_TO']?.trim() ?? ''
  if (ELSEWHERE.test(to)) copyTarget(to, environment, 'LOGDB_AUTO_TO')
  return copyWishes(environment)
}
