import { parseDotenv } from '../../kit/settings/dotenv.ts'
import { serverSettings } from '../../templates/server-settings.ts'
import { deployError } from '../errors.ts'
import { gatewayUrl } from '../plan/address/gateway-address.ts'
import { copyWishes } from '../plan/backup/copy-wishes.ts'
import { planBackup } from '../plan/backup/plan-backup.ts'
import { liveRelease } from '../server/facts.ts'
import { defaultDomain } from '../session/address/default-domain.ts'
import { carryOut } from '../session/carry-out.ts'
import type { Context } from '../session/context.ts'
import { withServer } from '../session/open-server.ts'
import type { Outcome } from '../session/shown/report.ts'

/** Backs up what is on the server now, with its log databases. It reads .env as far as it can be read. */
export async function createBackup(context: Context): Promise<Outcome> {
  return withServer(context, async (open) => {
    const { facts, layout } = open
    if (facts.env === null && facts.live === null) {
      throw deployError('BACKUP_FAILED', `there is nothing to back up in ${layout.folder}`, 'deploy first')
    }
    const environment = parseDotenv(facts.env ?? '').values
    const copies = await copyWishes(environment)
    const image = liveRelease(facts)?.manifest.image
    const settings = serverSettings(environment, facts.edge.acmeCa !== null)
    const ownDefault = await defaultDomain(context.options, open)
    const wishes = { now: context.now, settings, defaultDomain: ownDefault, includesLogs: true, protects: null }
    return carryOut(context, open, {
      verb: 'backup create',
      changes: [
        { ...planBackup(facts, wishes), isRequested: true },
        ...(copies && image !== undefined ? [{ kind: 'send-backups' as const, image, ...copies }] : []),
      ],
      warnings: [],
      url: gatewayUrl(settings),
    })
  })
}
