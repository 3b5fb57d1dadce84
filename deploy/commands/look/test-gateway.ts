import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import { parseDotenv } from '../../../kit/settings/dotenv.ts'
import { type ServerSettings, serverSettings } from '../../../templates/server-settings.ts'
import { deployError } from '../../errors.ts'
import { run } from '../../host/host.ts'
import { type GatewayAddress, gatewayAddress, gatewayUrl } from '../../plan/address/gateway-address.ts'
import { isStaged } from '../../plan/address/own-certificate.ts'
import { modelsOfProviders } from '../../plan/model-of-provider.ts'
import { checkEach, checkModel } from '../../probe/checks.ts'
import { outsideProbe } from '../../probe/outside-probe.ts'
import type { Probe } from '../../probe/probe.ts'
import { releaseOf } from '../../server/instance.ts'
import type { Context } from '../../session/context.ts'
import { recoveredSettings } from '../../session/lost-env.ts'
import { type OpenServer, withServer } from '../../session/open-server.ts'
import { outsideView } from '../../session/outside-view.ts'
import { type Check, checkLines, checkResults, failed, passed } from '../../session/shown/check-rows.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { edgeProbe } from '../../steps/edge/edge-answer.ts'
import { environmentOf, withKeyOf } from '../../steps/release-environment.ts'

const PLACES = ['here', 'server'] as const
type Place = (typeof PLACES)[number]
/** A model that thinks first may need a while. */
const TIMEOUT_MS = 60_000

/** Sends real requests to the gateway, with a key of the server, and says which of them fail. */
export async function testGateway(context: Context, from: string | undefined): Promise<Outcome> {
  const place = readPlace(from)
  return withServer(context, async (open) => {
    const { facts } = open
    const values = { ...parseDotenv(facts.env ?? '').values, ...recoveredSettings(facts, null) }
    if (facts.live === null || !values['DOMAIN'])
      throw deployError('USAGE', 'no gateway runs there yet', 'deploy one first')
    const reader = { host: open.connection.host, layout: open.layout }
    const settings = serverSettings(values, false)
    const gateway = await withKeyOf(reader, gatewayAddress(settings, values['API_KEYS']), facts.live)
    const probe = probeFrom(place, context, open, { gateway, settings })
    try {
      const checks = [...(await ownChecks(probe, facts.live)), ...(await providerChecks(probe, open, facts.live))]
      return outcome(checks, gatewayUrl(gateway), place)
    } finally {
      await probe.close()
    }
  })
}

function readPlace(text = 'here'): Place {
  const place = PLACES.find((one) => one === text)
  if (place !== undefined) return place
  throw deployError('USAGE', `--from ${text} is not a place`, `give one of ${PLACES.join(', ')}`)
}

interface Subject {
  gateway: GatewayAddress
  settings: ServerSettings
}

function probeFrom(
  place: Place,
  context: Context,
  { connection, facts }: OpenServer,
  { gateway, settings }: Subject,
): Probe {
  const { signal } = new AbortController()
  if (place === 'server') return edgeProbe({ host: connection.host, signal }, gateway, { timeoutMs: TIMEOUT_MS })
  return outsideProbe({
    ...outsideView(context.options),
    url: gatewayUrl(gateway),
    apiKey: gateway.apiKey,
    timeoutMs: TIMEOUT_MS,
    acceptsUntrusted: isStaged(settings, facts.ownCertificates[0]),
  })
}

const MEANINGS = {
  health: 'GET /health answers',
  models: 'GET /v1/models answers',
  chat: 'a completion of the built-in model',
  stream: 'the same as a stream',
}

async function ownChecks(probe: Probe, live: string): Promise<Check[]> {
  const found = await checkEach(probe, live)
  const remedy = 'find the cause with: ai-deploy status, ai-deploy logs and ai-deploy test-https'
  return (['health', 'models', 'chat', 'stream'] as const).map((name) => {
    const problem = found[name]
    return problem === null ? passed(name, MEANINGS[name]) : failed(name, problem, remedy)
  })
}

/** By the configuration and the keys of the release that answers. */
async function providerChecks(
  probe: Probe,
  { connection: { host }, layout }: OpenServer,
  live: string,
): Promise<Check[]> {
  const id = releaseOf(live)
  const text = await run(host, `read config.yml of ${id}`, ['cat', `${layout.release(id)}/config.yml`])
  const environment = (await environmentOf({ host, layout }, live)) ?? {}
  const checks: Check[] = []
  for (const { provider, model } of modelsOfProviders(parseConfigFile(text, 'config.yml'), environment)) {
    checks.push(await providerCheck(probe, provider, model))
  }
  return checks
}

async function providerCheck(probe: Probe, provider: string, model: string | undefined): Promise<Check> {
  if (model === undefined) return passed(provider, 'not asked: config.yml names no single model of it')
  const start = performance.now()
  const problem = await checkModel(probe, model)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  if (problem === null) return passed(provider, `${model} streams an answer (${seconds} s)`)
  return failed(provider, `${model}: ${problem}`, 'check its key: ai-deploy env list, then ai-deploy env set')
}

function outcome(checks: readonly Check[], url: string, place: Place): Outcome {
  const bad = checks.filter(({ isOk }) => !isOk)
  const [first] = bad
  return {
    result: { url, from: place, checks: checkResults(checks) },
    lines: checkLines(checks),
    error:
      first &&
      deployError(
        'TEST_FAILED',
        `${bad.length} of ${checks.length} requests to ${url} failed: ${bad.map(({ name }) => name).join(', ')}`,
        first.remedy ?? first.says,
      ),
  }
}
