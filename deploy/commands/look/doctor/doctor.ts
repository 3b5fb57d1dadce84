import { UserError } from '../../../../kit/user-error.ts'
import { deployError } from '../../../errors.ts'
import type { Context } from '../../../session/context.ts'
import { withServer } from '../../../session/open-server.ts'
import { type Check, checkLines, checkResults, failed, passed } from '../../../session/shown/check-rows.ts'
import { commandLine } from '../../../session/shown/command-line.ts'
import type { Outcome } from '../../../session/shown/report.ts'
import { localChecks } from './local-checks.ts'
import { serverChecks } from './server-checks.ts'
import { wayChecks } from './way-checks.ts'

/** Checks all that a deploy needs, here, there and in between. It changes nothing. */
export async function doctor(context: Context): Promise<Outcome> {
  const local = localChecks(context)
  try {
    return await withServer(context, async (open) => {
      const { connection } = open
      const ssh = passed('ssh', `connected to ${connection.host.name} as ${connection.user}; commands run as root`)
      const there = await serverChecks(context, open)
      const between = await wayChecks(context, open)
      return outcome(context, [...local, ssh, ...there, ...between])
    })
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const checks = [...local, failed('ssh', error.message, error.hint)]
    return { ...outcome(context, checks), error }
  }
}

function outcome(context: Context, checks: readonly Check[]): Outcome {
  const bad = checks.filter(({ isOk }) => !isOk)
  const [first] = bad
  const next = `Nothing stands in the way of a deploy: ${commandLine(context)}`
  return {
    result: { checks: checkResults(checks) },
    lines: checkLines(checks),
    notes: first === undefined && !context.options.isJson ? [next] : [],
    error:
      first &&
      deployError(
        'CHECK_FAILED',
        `${bad.length} of ${checks.length} checks failed: ${bad.map(({ name }) => name).join(', ')}`,
        first.remedy ?? first.says,
      ),
  }
}
