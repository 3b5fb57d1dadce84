import { parseDotenv } from '../../../kit/settings/dotenv.ts'
import { serverSettings } from '../../../templates/server-settings.ts'
import { deployError } from '../../errors.ts'
import { gatewayUrl } from '../../plan/address/gateway-address.ts'
import { checkEdgeOwner } from '../../plan/preflight.ts'
import { planPrune } from '../../plan/upkeep/plan-removal.ts'
import { carryOut } from '../../session/carry-out.ts'
import type { Context } from '../../session/context.ts'
import { withServer } from '../../session/open-server.ts'
import type { Outcome } from '../../session/shown/report.ts'

/** As many as every deploy keeps. */
const KEPT = 4

/** Removes releases and images that no rollback needs. */
export async function prune(context: Context, keep: string | undefined): Promise<Outcome> {
  const keepCount = readCount(keep)
  return withServer(context, async (open) => {
    const { facts } = open
    checkEdgeOwner(facts)
    const settings = serverSettings(parseDotenv(facts.env ?? '').values, facts.edge.acmeCa !== null)
    const outcome = await carryOut(context, open, {
      verb: 'prune',
      changes: planPrune(facts, keepCount),
      warnings: [],
      url: gatewayUrl(settings),
      ifNothingToDo: { note: 'Nothing to remove: everything that is there may be needed.' },
    })
    return { ...outcome, lines: [] }
  })
}

function readCount(text: string | undefined): number {
  if (text === undefined) return KEPT
  if (/^\d{1,4}$/.test(text)) return Number(text)
  throw deployError('USAGE', `--keep ${text} is not a number`, 'give one like 2')
}
