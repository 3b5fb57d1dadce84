import { describeTarget, readCopySettings } from '../../../kit/backup-copy/copy-settings.ts'
import type { Environment } from '../../../kit/settings/environment.ts'
import type { CopyWishes } from '../situation.ts'

/** Where copies of backups go. @throws UserError CONFIG_INVALID if the settings for that are not complete */
export async function copyWishes(environment: Environment): Promise<CopyWishes | undefined> {
  const settings = await readCopySettings(environment)
  return settings && { to: describeTarget(settings.target), isEncrypted: settings.recipients.length > 0 }
}
