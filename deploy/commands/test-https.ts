import { resolve4 } from 'node:dns/promises'
import { parseDotenv } from '../../kit/settings/dotenv.ts'
import { MS_PER_DAY } from '../../kit/time.ts'
import { errorMessage } from '../../kit/user-error.ts'
import { type ServerSettings, serverSettings } from '../../templates/server-settings.ts'
import { deployError } from '../errors.ts'
import { certificateHold, utcTime } from '../plan/address/certificate-hold.ts'
import { gatewayAddress, gatewayUrl } from '../plan/address/gateway-address.ts'
import { checkCertificate } from '../probe/certificate.ts'
import { checkReading } from '../probe/checks.ts'
import { type OutsideView, outsideProbe } from '../probe/outside-probe.ts'
import { checkRedirect, opened } from '../probe/redirect.ts'
import * as docker from '../remote/docker.ts'
import { acmeProblem } from '../server/certificates/acme-problem.ts'
import { EDGE_CONTAINER } from '../server/layout.ts'
import { publicAddress } from '../server/public-address.ts'
import type { Context } from '../session/context.ts'
import { recoveredSettings } from '../session/lost-env.ts'
import { type OpenServer, withServer } from '../session/open-server.ts'
import { outsideView } from '../session/outside-view.ts'
import type { Outcome } from '../session/shown/report.ts'

interface Check {
  name: 'clock' | 'store' | 'dns' | 'redirect' | 'certificate' | 'api'
  isOk: boolean
  says: string
  /** What the owner can do; undefined if nothing is to be done. */
  remedy?: string | undefined
}

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
    const outside = { ...view, acceptsUntrusted: settings.acme.isStaging }
    const subject = { context, open, settings, outside, apiKeys: values['API_KEYS'] }
    const checks: Check[] = [clockCheck(subject), storeCheck(subject)]
    for (const check of [dnsCheck, redirectCheck, certificateCheck, apiCheck]) checks.push(await check(subject))
    return {
      result: { domain: settings.domain, checks: checks.map(({ isOk, ...rest }) => ({ ...rest, ok: isOk })) },
      lines: checks.map(lineOf),
      error: failureOf(settings.domain, checks),
    }
  })
}

function lineOf({ name, isOk, says, remedy }: Check): string {
  return `${isOk ? 'pass' : 'FAIL'}  ${name.padEnd('certificate'.length)}  ${says}${remedy === undefined ? '' : `\n      ${remedy}`}`
}

function failureOf(domain: string, checks: readonly Check[]) {
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

const MAX_SKEW_S = 300

/** Both the CA and clients refuse what is not valid yet. */
function clockCheck({ open: { facts } }: Subject): Check {
  const skewS = Math.round(facts.clockS - Date.now() / 1000)
  const isOk = Math.abs(skewS) < MAX_SKEW_S
  const says = isOk
    ? 'the clock of the server is right'
    : `the clock of the server is ${Math.abs(skewS)} s ${skewS > 0 ? 'ahead' : 'late'}`
  return { name: 'clock', isOk, says, remedy: isOk ? undefined : 'on the server: timedatectl set-ntp true' }
}

function storeCheck({ open: { facts } }: Subject): Check {
  const [fault] = facts.storeFaults
  if (fault === undefined) return { name: 'store', isOk: true, says: 'the edge can use certs/' }
  const path = fault.file === '.' ? 'certs' : `certs/${fault.file}`
  const says = `the edge cannot use ${path}: wrong ${fault.kind}`
  return { name: 'store', isOk: false, says, remedy: 'run a deploy, which repairs it' }
}

async function dnsCheck({ context, open, settings, outside }: Subject): Promise<Check> {
  const { domain } = settings
  const fixed = outside.resolve[domain]
  if (fixed !== undefined) return { name: 'dns', isOk: true, says: `${domain} is taken as ${fixed} (--resolve)` }
  const { connection, facts } = open
  const sources = { given: context.options.ip, dialled: connection.host.address, connection: connection.serverAddress }
  const own = await publicAddress({ ...sources, interfaces: facts.interfaces }, (name) =>
    resolve4(name).catch(() => []),
  )
  const record = `make a DNS record of type A for ${domain} with the address ${own ?? 'of the server'}`
  try {
    const found = await resolve4(domain)
    const isOk = own === null || found.includes(own)
    const says = `${domain} is ${found.join(', ')}${isOk ? '' : `, but the server is ${own}`}`
    return { name: 'dns', isOk, says, remedy: isOk ? undefined : record }
  } catch (error) {
    return { name: 'dns', isOk: false, says: `${domain} has no address: ${errorMessage(error)}`, remedy: record }
  }
}

async function redirectCheck({ settings, outside }: Subject): Promise<Check> {
  const { domain, httpPort } = settings
  const problem = await checkRedirect({ domain, httpPort, leadsTo: gatewayUrl(settings) }, outside)
  const remedy = `open port ${httpPort} in the firewall of the server and in that of its provider; the CA needs it too`
  if (problem === null) return { name: 'redirect', isOk: true, says: `port ${httpPort} leads to HTTPS` }
  return { name: 'redirect', isOk: false, says: `port ${httpPort}: ${problem}`, remedy }
}

/** The log of the edge says why there is none. */
async function certificateCheck({ open, settings, outside }: Subject): Promise<Check> {
  const { domain, httpsPort } = settings
  const name = 'certificate'
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
    return { name, isOk: true, says: `issued by ${state.issuer ?? 'an unnamed CA'}, ${daysLeft} days left` }
  }
  const { stdout } = await open.connection.host.exec(docker.acmeErrors(EDGE_CONTAINER, 0))
  const hold = certificateHold(open.facts, settings)
  const { says, remedy } = acmeProblem(stdout.trim() || (hold?.says ?? ''), domain)
  const shown = state.isPlaceholder ? 'the edge has none yet' : `${state.reason} (issued by ${state.issuer})`
  const wait = hold === undefined ? '' : `; the CA is not asked before ${utcTime(hold.retryAtS)}`
  return { name, isOk: false, says: `${shown}${says === '' ? '' : `: ${says}`}${wait}`, remedy }
}

async function apiCheck({ open, settings, apiKeys, outside }: Subject): Promise<Check> {
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
