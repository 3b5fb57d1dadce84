import { parseDotenv } from '../../kit/settings/dotenv.ts'
import { MS_PER_DAY } from '../../kit/time.ts'
import { errorMessage } from '../../kit/user-error.ts'
import { type ServerSettings, serverSettings } from '../../templates/server-settings.ts'
import { deployError } from '../errors.ts'
import { certificateHold, utcTime } from '../plan/address/certificate-hold.ts'
import { gatewayAddress, gatewayUrl } from '../plan/address/gateway-address.ts'
import { endWarnings, isStaged, lentWarnings } from '../plan/address/own-certificate.ts'
import { checkCertificate } from '../probe/certificate.ts'
import { checkReading } from '../probe/checks.ts'
import { type OutsideView, outsideProbe } from '../probe/outside-probe.ts'
import { checkRedirect, opened } from '../probe/redirect.ts'
import * as docker from '../remote/docker.ts'
import { acmeProblem } from '../server/certificates/acme-problem.ts'
import { EDGE_CONTAINER } from '../server/layout.ts'
import type { Context } from '../session/context.ts'
import { recoveredSettings } from '../session/lost-env.ts'
import { type OpenServer, withServer } from '../session/open-server.ts'
import { outsideView } from '../session/outside-view.ts'
import { type Check, checkLines, checkResults } from '../session/shown/check-rows.ts'
import type { Outcome } from '../session/shown/report.ts'
import { clockCheck, dnsCheck, storeCheck } from './look/shared-checks.ts'

type HttpsCheck = Check<'clock' | 'store' | 'dns' | 'redirect' | 'certificate' | 'api'>

interface Subject {
  context: Context
  open: OpenServer
  settings: ServerSettings
  /** Value of API_KEYS. */
  apiKeys: string | undefined
  outside: OutsideView
}

/** Checks everything that HTTPS needs, from here, and changes nothing. */
export async function testHttps(context: Context): Promise<Outcome> {
  const view = outsideView(context.options)
  return withServer(context, async (open) => {
    // What is in effect there, which .env may not be yet.
    const values = { ...parseDotenv(open.facts.env ?? '').values, ...recoveredSettings(open.facts, null) }
    if (!values['DOMAIN']) throw deployError('USAGE', 'no gateway runs there yet', 'deploy one first')
    const settings = serverSettings(values, false)
    const [own] = open.facts.ownCertificates
    const outside = { ...view, acceptsUntrusted: isStaged(settings, own) }
    const warnings = own === undefined ? lentWarnings(open.facts, settings) : endWarnings(own, open.facts.clockS)
    const subject = { context, open, settings, outside, apiKeys: values['API_KEYS'] }
    const domain = await dnsCheck(context.options, open, settings.domain)
    const checks: HttpsCheck[] = [clockCheck(open.facts), storeCheck(open.facts), domain]
    for (const check of [redirectCheck, certificateCheck, apiCheck]) checks.push(await check(subject))
    return {
      result: { domain: settings.domain, checks: checkResults(checks) },
      warnings,
      lines: checkLines(checks),
      notes: context.options.isJson ? [] : warnings.map((sentence) => `Note: ${sentence}.`),
      error: failureOf(settings.domain, checks),
    }
  })
}

function failureOf(domain: string, checks: readonly HttpsCheck[]) {
  const [first, ...others] = checks.filter(({ isOk }) => !isOk)
  if (first === undefined) return undefined
  const isOfCertificate = [first, ...others].some(({ name }) => name === 'certificate' || name === 'store')
  const names = [first, ...others].map(({ name }) => name).join(', ')
  return deployError(
    isOfCertificate ? 'CERTIFICATE_MISSING' : 'NOT_REACHABLE',
    `HTTPS of ${domain} does not work as it should: ${names}`,
    first.remedy ?? first.says,
  )
}

async function redirectCheck({ settings, outside }: Subject): Promise<HttpsCheck> {
  const { domain, httpPort } = settings
  const problem = await checkRedirect({ domain, httpPort, leadsTo: gatewayUrl(settings) }, outside)
  const remedy = `open port ${httpPort} in the firewall of the server and in that of its provider; the CA needs it too`
  if (problem === null) return { name: 'redirect', isOk: true, says: `port ${httpPort} leads to HTTPS` }
  return { name: 'redirect', isOk: false, says: `port ${httpPort}: ${problem}`, remedy }
}

/** The log of the edge says why there is none. */
async function certificateCheck({ open, settings, outside }: Subject): Promise<HttpsCheck> {
  const { domain, httpsPort } = settings
  const name = 'certificate'
  const [own] = open.facts.ownCertificates
  const state = await opened(domain, httpsPort, outside).then(
    (socket) => checkCertificate(async () => socket, domain, outside.extraCa),
    (error: unknown) => errorMessage(error),
  )
  if (typeof state === 'string') {
    return {
      name,
      isOk: false,
      says: `port ${httpsPort}: ${state}`,
      remedy: `open port ${httpsPort} in both firewalls`,
    }
  }
  const daysLeft = Math.floor((Date.parse(state.validUntil ?? '') - Date.now()) / MS_PER_DAY)
  if (state.isValid || (outside.acceptsUntrusted && state.isIssued)) {
    const lent = settings.httpPort === 80 ? '' : `, which does not renew itself while HTTP_PORT is ${settings.httpPort}`
    const kind = own === undefined ? lent : ', your own, which does not renew itself'
    return { name, isOk: true, says: `issued by ${state.issuer ?? 'an unnamed CA'}, ${daysLeft} days left${kind}` }
  }
  if (own !== undefined) {
    const remedy = `give a valid one: ai-deploy https --cert FILE --key FILE; or trust its CA here with --ca-file`
    return { name, isOk: false, says: `your own: ${state.reason} (issued by ${state.issuer})`, remedy }
  }
  const { stdout } = await open.connection.host.exec(docker.acmeErrors(EDGE_CONTAINER, 0))
  const hold = certificateHold(open.facts, settings)
  const { says, remedy } = acmeProblem(stdout.trim() || (hold?.says ?? ''), domain)
  const shown = state.isPlaceholder ? 'the edge has none yet' : `${state.reason} (issued by ${state.issuer})`
  const wait = hold === undefined ? '' : `; the CA is not asked before ${utcTime(hold.retryAtS)}`
  return { name, isOk: false, says: `${shown}${says === '' ? '' : `: ${says}`}${wait}`, remedy }
}

async function apiCheck({ open, settings, apiKeys, outside }: Subject): Promise<HttpsCheck> {
  const gateway = gatewayAddress(settings, apiKeys)
  const probe = outsideProbe({ url: gatewayUrl(gateway), apiKey: gateway.apiKey, ...outside, acceptsUntrusted: true })
  try {
    const problem = await checkReading(probe, open.facts.live)
    const remedy = 'run a deploy, which repairs what it finds; then look at: docker logs ai-proxy-edge'
    if (problem !== null) return { name: 'api', isOk: false, says: problem, remedy }
    return { name: 'api', isOk: true, says: `${gatewayUrl(gateway)}/v1/models answers` }
  } finally {
    await probe.close()
  }
}
