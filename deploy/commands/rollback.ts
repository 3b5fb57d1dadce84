import { readCheckedEnvironment } from '../../kit/gateway-config/checked-environment.ts'
import { decodeEnvironment } from '../../kit/gateway-config/env-file.ts'
import { gatewayVariables } from '../../kit/gateway-config/variables.ts'
import { parseDotenv } from '../../kit/settings/dotenv.ts'
import type { Environment } from '../../kit/settings/environment.ts'
import { serverSettings } from '../../templates/server-settings.ts'
import { run } from '../host/host.ts'
import { gatewayAddress, gatewayUrl } from '../plan/gateway-address.ts'
import { planRollback, previousRelease } from '../plan/plan-rollback.ts'
import { carryOut } from '../session/carry-out.ts'
import type { Context } from '../session/context.ts'
import { type OpenServer, withServer } from '../session/open-server.ts'
import type { Outcome } from '../session/report.ts'

/** Switches back to the previous release: its container is started if it was stopped; nothing is built or downloaded. */
export async function rollback(context: Context): Promise<Outcome> {
  return withServer(context, async (open) => {
    const { facts } = open
    const release = previousRelease(facts)
    const today = readCheckedEnvironment(facts.env ?? '', "the server's .env")
    const settings = serverSettings(today, facts.edge.acmeCa !== null)
    const then = await gatewayEnvironment(open, release.id)
    const gateway = gatewayAddress(settings, then['API_KEYS'])
    return carryOut(context, open, {
      verb: 'rollback',
      changes: planRollback(facts, { release, gateway }),
      warnings: envWarnings(then, today),
      url: gatewayUrl(gateway),
    })
  })
}

/** The settings that the release was made with, and keeps whatever .env has today. */
async function gatewayEnvironment({ connection, layout }: OpenServer, release: string): Promise<Environment> {
  const path = `${layout.release(release)}/gateway.env`
  const text = await run(connection.host, `read ${path}`, ['cat', path])
  return decodeEnvironment(parseDotenv(text).values)
}

function envWarnings(then: Environment, today: Environment): string[] {
  const names = gatewayVariables([...Object.keys(then), ...Object.keys(today)])
  const differing = names.filter((name) => (then[name] ?? '') !== (today[name] ?? ''))
  if (differing.length === 0) return []
  return [`it keeps the .env that it was made with, which differs from today's in ${differing.join(', ')}`]
}
