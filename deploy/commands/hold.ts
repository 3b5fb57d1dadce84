import { parseDotenv } from '../../kit/settings/dotenv.ts'
import { serverSettings } from '../../templates/server-settings.ts'
import { gatewayUrl } from '../plan/address/gateway-address.ts'
import type { Change } from '../plan/change.ts'
import { carryOut, type Proposal } from '../session/carry-out.ts'
import type { Context } from '../session/context.ts'
import { type OpenServer, withServer } from '../session/open-server.ts'
import { commandLine } from '../session/shown/command-line.ts'
import type { Outcome } from '../session/shown/report.ts'

/** Keeps everybody from changing the server, except for a rollback, until `unhold`. It asks nothing. */
export async function hold(context: Context, text: string): Promise<Outcome> {
  const next = [`To end the hold: ${commandLine(context, 'unhold')}`]
  return withServer(context, (open) => {
    return change(context, open, { ...proposal(open, 'hold', [{ kind: 'place-hold', text }]), next })
  })
}

/** Lets everybody change the server again. It asks nothing. */
export async function unhold(context: Context): Promise<Outcome> {
  return withServer(context, (open) => {
    const present = open.facts.hold
    const changes: Change[] = present === null ? [] : [{ kind: 'remove-hold', hold: present }]
    const ifNothingToDo = { note: 'Nothing to do: the server is not on hold.' }
    return change(context, open, { ...proposal(open, 'unhold', changes), ifNothingToDo })
  })
}

/** Without the URL of the gateway, which stays as it is. */
async function change(context: Context, open: OpenServer, wanted: Proposal): Promise<Outcome> {
  const confirmed = { ...context, options: { ...context.options, isConfirmed: true } }
  return { ...(await carryOut(confirmed, open, wanted)), lines: [] }
}

function proposal({ facts }: OpenServer, verb: string, changes: Change[]): Proposal {
  const settings = serverSettings(parseDotenv(facts.env ?? '').values, facts.edge.acmeCa !== null)
  return { verb, changes, warnings: [], url: gatewayUrl(settings) }
}
