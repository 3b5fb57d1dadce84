import { checkEdgeOwner } from '../../plan/preflight.ts'
import { planRemove } from '../../plan/upkeep/plan-removal.ts'
import { carryOut } from '../../session/carry-out.ts'
import type { Context } from '../../session/context.ts'
import { withServer } from '../../session/open-server.ts'
import { commandLine } from '../../session/shown/command-line.ts'
import type { Outcome } from '../../session/shown/report.ts'

/** Takes the gateway and the edge off the server. @param removesData the whole folder goes too */
export async function remove(context: Context, removesData: boolean): Promise<Outcome> {
  return withServer(context, async (open) => {
    const { facts, layout } = open
    checkEdgeOwner(facts)
    const kept = `.env, certificates, logs and backups are still in ${layout.folder}; a deploy uses them again`
    const outcome = await carryOut(context, open, {
      verb: 'remove',
      changes: planRemove(facts, removesData),
      warnings: removesData
        ? [`to keep a backup, fetch it first: ${commandLine(context, 'backup', 'pull', 'FILE')}`]
        : [],
      url: '',
      ifNothingToDo: { note: 'Nothing to remove: there is no gateway there.' },
      next: removesData ? [] : [`${kept}.`],
    })
    return { ...outcome, lines: [] }
  })
}
