import { parseDotenv } from '../../../kit/settings/dotenv.ts'
import { serverSettings } from '../../../templates/server-settings.ts'
import { deployError } from '../../errors.ts'
import { run } from '../../host/host.ts'
import { type GatewayAddress, gatewayAddress, gatewayUrl } from '../../plan/address/gateway-address.ts'
import { isStaged } from '../../plan/address/own-certificate.ts'
import { checkReading } from '../../probe/checks.ts'
import { outsideProbe } from '../../probe/outside-probe.ts'
import type { Probe } from '../../probe/probe.ts'
import { statusReadings } from '../../remote/looking/status-script.ts'
import { parseStatusReadings } from '../../server/status-readings.ts'
import type { Context } from '../../session/context.ts'
import { recoveredSettings } from '../../session/lost-env.ts'
import { type OpenServer, withServer } from '../../session/open-server.ts'
import { outsideView } from '../../session/outside-view.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { edgeProbe } from '../../steps/edge/edge-answer.ts'
import { withKeyOf } from '../../steps/release-environment.ts'
import { statusLines } from './status-lines.ts'
import { type Health, type Status, statusOf, statusWarnings } from './status-view.ts'

/** Shows what runs on the server and how it is. It changes nothing, and works during a deploy too. */
export async function status(context: Context): Promise<Outcome> {
  return withServer(context, async (open) => {
    const { connection, layout, facts } = open
    const values = { ...parseDotenv(facts.env ?? '').values, ...recoveredSettings(facts, null) }
    const settings = values['DOMAIN'] && facts.live !== null ? serverSettings(values, false) : null
    const reading = run(connection.host, 'read the status', statusReadings(layout.folder))
    const gateway = settings && gatewayAddress(settings, values['API_KEYS'])
    const [output, health] = await Promise.all([reading, gateway && healthOf(context, open, gateway)])
    const input = { facts, settings, health, readings: parseStatusReadings(output) }
    const shown = statusOf(input)
    const warnings = statusWarnings(input, shown)
    return {
      result: shown,
      warnings,
      lines: statusLines(shown, facts.clockS),
      notes: context.options.isJson ? [] : warnings.map((sentence) => `Note: ${sentence}.`),
      error: failureOf(shown),
    }
  })
}

/** Asks the live release through the edge on the server itself, and from here. */
async function healthOf(context: Context, open: OpenServer, address: GatewayAddress): Promise<Status['health']> {
  const { connection, layout, facts } = open
  const { host } = connection
  const gateway = facts.live === null ? address : await withKeyOf({ host, layout }, address, facts.live)
  const { signal } = new AbortController()
  const view = outsideView(context.options)
  const settings = serverSettings(parseDotenv(facts.env ?? '').values, false)
  const outside = outsideProbe({
    url: gatewayUrl(gateway),
    apiKey: gateway.apiKey,
    ...view,
    acceptsUntrusted: isStaged(settings, facts.ownCertificates[0]),
  })
  const [inside, seen] = await Promise.all([
    healthBy(edgeProbe({ host, signal }, gateway, {}), facts.live),
    healthBy(outside, facts.live),
  ])
  return { inside, outside: seen }
}

async function healthBy(probe: Probe, instance: string | null): Promise<Health> {
  try {
    const problem = await checkReading(probe, instance)
    return { ok: problem === null, problem }
  } finally {
    await probe.close()
  }
}

function failureOf({ health }: Status) {
  if (health === null || (health.inside.ok && health.outside.ok)) return undefined
  if (health.inside.ok) {
    return deployError(
      'NOT_REACHABLE',
      'the gateway works on the server, but not from here',
      'find the cause with: ai-deploy test-https',
    )
  }
  return deployError(
    'NOT_REACHABLE',
    'the gateway does not answer as it should, not even on the server itself',
    'run a deploy, which repairs what it finds',
  )
}
