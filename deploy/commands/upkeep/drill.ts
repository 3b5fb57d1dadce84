import { parseDotenv } from '../../../kit/settings/dotenv.ts'
import { serverSettings } from '../../../templates/server-settings.ts'
import { deployError } from '../../errors.ts'
import { gatewayUrl } from '../../plan/address/gateway-address.ts'
import { isStaged } from '../../plan/address/own-certificate.ts'
import { routedGateway } from '../../plan/address/routed-gateway.ts'
import type { Change } from '../../plan/change.ts'
import { releaseId } from '../../plan/release.ts'
import { type DrillPace, planDrill } from '../../plan/upkeep/plan-drill.ts'
import { DRILL_TRAFFIC } from '../../probe/traffic.ts'
import { readArchive } from '../../server/backup/archive.ts'
import { newestFirst } from '../../server/backup/backup-order.ts'
import { hasImage } from '../../server/facts.ts'
import { contextHashes } from '../../server/manifest.ts'
import { carryOut } from '../../session/carry-out.ts'
import type { Context } from '../../session/context.ts'
import { recoveredSettings } from '../../session/lost-env.ts'
import { type OpenServer, withServer } from '../../session/open-server.ts'
import { outsideView } from '../../session/outside-view.ts'
import type { Outcome } from '../../session/shown/report.ts'
import type { Measured } from '../../steps/definition.ts'
import { withKeyOf } from '../../steps/release-environment.ts'
import { withDrillReport } from './drill-report.ts'

const PACE: DrillPace = { traffic: DRILL_TRAFFIC, beforeMs: 2000, answeringMs: 4000 }

/**
 * Switches to another container of the live release and back while it sends requests, and says what failed.
 * @param isRehearsing a restore too
 */
export async function drill(context: Context, isRehearsing: boolean, pace = PACE): Promise<Outcome> {
  const outside = outsideView(context.options)
  return withServer(context, async (open) => {
    const { facts } = open
    const values = { ...parseDotenv(facts.env ?? '').values, ...recoveredSettings(facts, null) }
    if (facts.live === null || !values['DOMAIN']) {
      throw deployError('DRILL_FAILED', 'no gateway runs there yet', 'deploy one first')
    }
    const settings = serverSettings(values, facts.edge.acmeCa !== null)
    const reader = { host: open.connection.host, layout: open.layout }
    const gateway = await withKeyOf(reader, routedGateway(facts, settings, values['API_KEYS']), facts.live)
    const view = { ...outside, acceptsUntrusted: isStaged(settings, facts.ownCertificates[0]) }
    const owner = { uid: settings.uid, gid: settings.gid }
    const rehearsal = isRehearsing ? await planRehearsal(context, open, owner) : undefined
    const measured: Measured = { switchedMs: [] }
    try {
      const dialogId = `drill-${releaseId(context.now)}`
      const outcome = await carryOut(context, open, {
        verb: 'drill',
        changes: planDrill(facts, { gateway, outside: view, dialogId, pace, rehearsal }),
        warnings: [],
        url: gatewayUrl(gateway),
        measured,
      })
      await measured.traffic?.end()
      return withDrillReport(context, outcome, measured)
    } finally {
      await measured.traffic?.end()
    }
  })
}

/** Of the newest backup in which every database is consistent. @throws UserError RESTORE_FAILED if it cannot be started */
async function planRehearsal(
  { now }: Context,
  { connection, layout, facts }: OpenServer,
  owner: { uid: number; gid: number },
): Promise<Change<'rehearse-restore'>> {
  const found = newestFirst(facts.backups).find(({ summary }) => summary?.consistent && summary.release !== null)
  if (found === undefined) throw unusable('there is no consistent backup of a release on the server')
  const path = `${layout.backups}/${found.name}`
  const { release, manifest } = await readArchive(connection.host, path)
  if (release === null || manifest === null) throw unusable(`${found.name} holds no release`)
  const { image } = release.manifest
  if (!hasImage(facts, image)) {
    throw unusable(`the image ${image} of ${found.name} is not on the server; a restore would build it`)
  }
  const staging = `${layout.folder}/.restore-${releaseId(now)}`
  const hashes = Object.entries(manifest.files).filter(([member]) => member.startsWith(`${release.folder}/`))
  return {
    kind: 'rehearse-restore',
    backup: found.name,
    unpacking: {
      ...{ kind: 'unpack-backup', archive: { path, isLocal: false }, staging, members: [release.folder] },
      context: { folder: release.folder, hashes: contextHashes(release.manifest) },
      hashes: Object.fromEntries(hashes),
    },
    folder: `${staging}/${release.folder}`,
    image,
    owner,
  }
}

function unusable(why: string) {
  return deployError('RESTORE_FAILED', why, 'make a backup first: ai-deploy backup create')
}
