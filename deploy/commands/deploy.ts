import { canAsk } from '../../kit/cli/terminal.ts'
import { readText } from '../../kit/files.ts'
import { neededKeyVariables } from '../../kit/gateway-config/targets.ts'
import { type ServerSettings, serverSettings } from '../../templates/server-settings.ts'
import { deployError } from '../errors.ts'
import { findImageBuilder, type ImageBuilder } from '../local/image-builder.ts'
import { type LocalFiles, readLocalFiles } from '../local/local-files.ts'
import { settingsGiven } from '../local/options.ts'
import { certificateHold, holdWarnings } from '../plan/address/certificate-hold.ts'
import { type GatewayAddress, gatewayUrl } from '../plan/address/gateway-address.ts'
import { isStaged, ownCertificateAfter, ownWarnings } from '../plan/address/own-certificate.ts'
import { portCosts } from '../plan/address/port-costs.ts'
import { routedGateway } from '../plan/address/routed-gateway.ts'
import { checkedCopyWishes } from '../plan/backup/copy-wishes.ts'
import type { Change } from '../plan/change.ts'
import { makePlan } from '../plan/make-plan.ts'
import { checkEdgeOwner } from '../plan/preflight.ts'
import { providerChoices } from '../plan/provider-choices.ts'
import { fileHashes } from '../plan/release.ts'
import { envWarnings, planServerEnv, requireDomain, type ServerEnv } from '../plan/server-env.ts'
import type { OutsideView } from '../probe/outside-probe.ts'
import type { OwnCertificate } from '../server/certificates/own-certificates.ts'
import { drainingReleases, type Facts } from '../server/facts.ts'
import { chosenDomain, defaultDomain } from '../session/address/default-domain.ts'
import { givenCertificate } from '../session/address/given-certificate.ts'
import { carryOut } from '../session/carry-out.ts'
import type { Context } from '../session/context.ts'
import { envLost, recoverEnv } from '../session/lost-env.ts'
import { type OpenServer, withServer } from '../session/open-server.ts'
import { outsideView } from '../session/outside-view.ts'
import { commandLine } from '../session/shown/command-line.ts'
import { nextSteps } from '../session/shown/next-steps.ts'
import { readDifferences } from '../session/shown/read-differences.ts'
import { drainWarnings, type Outcome } from '../session/shown/report.ts'
import { fallbackOf } from './fall-back.ts'
import { type Source, withChosenConfig } from './release-source.ts'

/** Brings the server to the state that the files here and its .env describe; changes nothing that is so already. */
export async function deploy(context: Context): Promise<Outcome> {
  const source = localSource(context)
  return deployFrom(context, 'deploy', async (open) => withChosenConfig(context, open, source))
}

/** What the files here make a release of. */
export function localSource({ options: { cwd, env } }: Context): Source {
  const files = readLocalFiles(cwd, env['CONFIG_PATH'])
  return { files, contextHashes: fileHashes(files.buildContext), context: { kind: 'local' } }
}

/** @param sourceOf what the release of this server is to be made of */
export async function deployFrom(
  context: Context,
  verb: string,
  sourceOf: (open: OpenServer) => Promise<Source>,
): Promise<Outcome> {
  const { options, now } = context
  const givenCa = options.acmeCaCert === null ? null : readText(options.acmeCaCert)
  const view = outsideView(options)
  return withServer(context, async (open) => {
    const { facts } = open
    checkEdgeOwner(facts)
    refuseUnasked(context, open)
    const { files, changeEnv, ...source } = await sourceOf(open)
    const env = await serverEnv(context, open, files, changeEnv)
    const acmeCa = givenCa ?? facts.edge.acmeCa
    const settings = serverSettings(env.values, acmeCa !== null)
    const ownCertificate = await givenCertificate(options, settings.domain, view.extraCa)
    const own = ownCertificateAfter(facts, { ownCertificate })
    const outside = { ...view, ...(isStaged(settings, own) && { acceptsUntrusted: true }) }
    const { skipsBackup, dropsOldDomains, freePorts } = options
    const imageBuilder = options.isBuiltHere ? await builderHere(settings) : undefined
    const address = { dropsOldDomains, ownCertificate, freePorts }
    const wishes = { settings, env, acmeCa, outside, now, skipsBackup, imageBuilder, ...address }
    const changes = makePlan(facts, { ...files, ...source, ...wishes, copies: await checkedCopyWishes(env.values) })
    const gateway = routedGateway(facts, settings, env.values['API_KEYS'], wishes)
    return carryOut(context, open, {
      verb,
      changes,
      differences: await readDifferences(open, changes),
      warnings: warningsOf(facts, env, settings, own),
      url: gatewayUrl(gateway),
      generatedKey: env.generatedKey,
      buildContext: files.buildContext,
      fallback: fallbackOf(changes, open, settings, files.traefikBase),
      ifNothingToDo: nothingToDo(gateway, outside, facts.live),
      next: nextSteps(context, open, { changes, gateway, hasNewKey: env.generatedKey !== null }),
    })
  })
}

/** @throws UserError USAGE where nothing is to be built, BUILD_FAILED where it cannot be */
async function builderHere({ gatewayImage }: ServerSettings): Promise<ImageBuilder> {
  if (gatewayImage === null) return findImageBuilder()
  const hint = 'leave --build out, or build again: ai-deploy env unset GATEWAY_IMAGE'
  throw deployError('USAGE', `there is nothing to build: the image is ${gatewayImage} (GATEWAY_IMAGE)`, hint)
}

/** Nobody takes a running server over by accident. @throws UserError PORT_TAKEN */
function refuseUnasked(context: Context, { facts: { predecessor }, layout }: OpenServer): void {
  const { isConfirmed, isDryRun, isAdopting } = context.options
  if (!predecessor?.isRunning || isAdopting || isDryRun || !isConfirmed) return
  throw deployError(
    'PORT_TAKEN',
    `the Python gateway in ${layout.folder} runs on this server and has its ports`,
    `take it over: ${commandLine(context, 'adopt')}`,
  )
}

const IS_STAGING = 'clients do not trust certificates of the staging CA; --no-staging takes real ones'

function warningsOf(facts: Facts, env: ServerEnv, settings: ServerSettings, own: OwnCertificate | null): string[] {
  const then = { ...facts, ownCertificates: own === null ? [] : [own] }
  return [
    ...envWarnings(env),
    ...holdWarnings(certificateHold(then, settings)),
    ...portCosts(then, settings),
    ...ownWarnings(facts, settings, own),
    ...(isStaged(settings, own) ? [IS_STAGING] : []),
    ...drainWarnings(drainingReleases(facts)),
  ]
}

async function serverEnv(
  context: Context,
  open: OpenServer,
  local: LocalFiles,
  change: Source['changeEnv'] = (text) => text,
): Promise<ServerEnv> {
  const { options } = context
  const { facts } = open
  const recovered = await recoverEnv(open)
  const chosen = await chosenDomain(options, open)
  const overrides: Record<string, string> = { ...settingsGiven(options), ...(chosen && { DOMAIN: chosen }) }
  const unknown = recovered?.unknown.filter((name) => overrides[name] === undefined) ?? []
  if (unknown.length > 0 && !mayAsk(context)) throw envLost(unknown)
  const present = recovered?.text ?? facts.env
  const env = planServerEnv({
    server: present === null ? null : change(present),
    rebuiltFrom: recovered?.from ?? null,
    local: options.readsDotenv ? local.env : null,
    answers:
      recovered === null && facts.env === null && local.env === null ? await firstKeys(context, open, local) : {},
    overrides: { ...(await lostSettings(context, open, local, unknown)), ...overrides },
    defaultDomain: await defaultDomain(options, open),
    neededKeys: neededKeyVariables(local.gatewayConfig),
  })
  return requireDomain(env)
}

/** Of a first deploy from a folder without .env. */
async function firstKeys(context: Context, { questions }: OpenServer, local: LocalFiles) {
  return mayAsk(context) ? questions.firstKeys(providerChoices(local.gatewayConfig)) : {}
}

/** What a lost .env said and nothing else says. */
async function lostSettings(context: Context, open: OpenServer, local: LocalFiles, unknown: readonly string[]) {
  const keys = unknown.includes('API_KEYS') ? await firstKeys(context, open, local) : {}
  if (!unknown.includes('DOMAIN')) return keys
  const domain = await open.questions.text("The server's .env is lost. Which domain does the gateway have?")
  return { ...keys, ...(domain !== '' && { DOMAIN: domain }) }
}

function mayAsk({ options, terminal }: Context): boolean {
  return !options.isConfirmed && !options.isDryRun && canAsk(terminal)
}

function nothingToDo(gateway: GatewayAddress, outside: OutsideView, instance: string | null) {
  const check: Change<'check-from-outside'> = {
    ...{ kind: 'check-from-outside', gateway, outside, instance },
    isAfterChanges: false,
  }
  return { note: `Nothing to change: ${gatewayUrl(gateway)} answers as it should.`, check }
}
