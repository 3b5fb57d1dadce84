import { readCheckedEnvironment } from '../../kit/gateway-config/checked-environment.ts'
import { gatewayVariables } from '../../kit/gateway-config/variables.ts'
import type { Environment } from '../../kit/settings/environment.ts'
import { UserError } from '../../kit/user-error.ts'
import { DEFAULT_WATCH_S, serverSettings } from '../../templates/server-settings.ts'
import { deployError } from '../errors.ts'
import { readPackagedFiles } from '../local/local-files.ts'
import { settingsGiven } from '../local/options.ts'
import { gatewayUrl } from '../plan/address/gateway-address.ts'
import { ownCertificateAfter, readsStore } from '../plan/address/own-certificate.ts'
import { routedGateway } from '../plan/address/routed-gateway.ts'
import { edgeFiles } from '../plan/edge-files.ts'
import { isGivenBack, namedRelease, planRollback, previousRelease, rollbackInstance } from '../plan/plan-rollback.ts'
import { checkEdgeOwner } from '../plan/preflight.ts'
import { drainingReleases, type Facts } from '../server/facts.ts'
import { releaseOf } from '../server/instance.ts'
import { carryOut } from '../session/carry-out.ts'
import type { Context } from '../session/context.ts'
import { recoveredSettings } from '../session/lost-env.ts'
import { type OpenServer, withServer } from '../session/open-server.ts'
import { commandLine } from '../session/shown/command-line.ts'
import { drainWarnings, type Outcome } from '../session/shown/report.ts'
import { environmentOf } from '../steps/release-environment.ts'

/** Whether the live release answers only decides if it is kept running afterwards, which is worth no long wait. */
const PATIENCE_MS = 1000

/**
 * Switches to another release that is kept: its container is started if it was stopped; nothing is built or downloaded.
 * It works with what is in effect on the server, so that no wrong setting stands in its way.
 * @param id release to switch to, instead of the previous one
 */
export async function rollback(context: Context, id?: string): Promise<Outcome> {
  return withServer(context, (open) => goBack(context, open, id), PATIENCE_MS)
}

async function goBack(context: Context, open: OpenServer, id: string | undefined): Promise<Outcome> {
  const { facts, connection, layout } = open
  checkEdgeOwner(facts)
  if (facts.predecessor?.isRunning) throw predecessorAnswers(context)
  if (id === undefined && isGivenBack(facts)) return goBackToPredecessor(context, open)
  const release = id === undefined ? previousRelease(facts) : namedRelease(facts, id)
  const from = facts.live === null ? null : releaseOf(facts.live)
  const today = todaysEnv(facts)
  const inUse = { ...today.values, ...settingsGiven(context.options), ...recoveredSettings(facts, null) }
  const settings = serverSettings(requireDomain(inUse), facts.edge.acmeCa !== null)
  const instance = rollbackInstance(facts, release.id)
  const then = (await environmentOf({ host: connection.host, layout }, instance)) ?? today.values
  const gateway = routedGateway(facts, settings, then['API_KEYS'])
  const watchS = context.options.isWatching ? settings.watchS || DEFAULT_WATCH_S : undefined
  const edge = edgeFiles(
    settings,
    readPackagedFiles().traefikBase,
    facts.edge.acmeCa,
    readsStore(facts, settings, ownCertificateAfter(facts)),
  )
  const warnings = [...today.warnings, ...(today.isWhole ? envWarnings(then, today.values) : [])]
  return carryOut(context, open, {
    verb: 'rollback',
    changes: release.id === from ? [] : planRollback(facts, { release, gateway, edge, warmS: settings.warmS, watchS }),
    warnings: [...warnings, ...drainWarnings(drainingReleases(facts))],
    url: gatewayUrl(gateway),
    ifNothingToDo: { note: `Nothing to change: release ${release.id} is live already.` },
    next: [from === null ? `Release ${release.id} answers.` : `Release ${release.id} answers, instead of ${from}.`],
  })
}

function predecessorAnswers(context: Context) {
  return deployError(
    'NOTHING_TO_ROLL_BACK',
    'the Python gateway answers on this server, and no release does',
    `take it over again: ${commandLine(context, 'adopt')}`,
  )
}

/** It is there only after its server was taken over. */
async function goBackToPredecessor(context: Context, open: OpenServer): Promise<Outcome> {
  const { facts } = open
  const { values, warnings } = todaysEnv(facts)
  const inUse = { ...values, ...settingsGiven(context.options), ...recoveredSettings(facts, null) }
  const gateway = routedGateway(facts, serverSettings(requireDomain(inUse), false), values['API_KEYS'])
  return carryOut(context, open, {
    verb: 'rollback',
    changes: facts.live === null ? [] : [{ kind: 'give-back', instance: facts.live, gateway }],
    warnings,
    url: gatewayUrl(gateway),
    next: ['The Python gateway answers.'],
  })
}

interface TodaysEnv {
  values: Environment
  warnings: string[]
  /** False if nothing can be said about differences. */
  isWhole: boolean
}

/** The server's .env may be lost or wrong, which must not keep anybody from going back. */
function todaysEnv({ env }: Facts): TodaysEnv {
  if (env === null)
    return { values: {}, warnings: ["the server's .env is lost; a deploy writes it again"], isWhole: false }
  try {
    return { values: readCheckedEnvironment(env, "the server's .env"), warnings: [], isWhole: true }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const [first = ''] = error.message.split('\n')
    return { values: {}, warnings: [`${first}; a rollback does not need it, but the next deploy does`], isWhole: false }
  }
}

/** @throws UserError ADDRESS_UNKNOWN */
function requireDomain(environment: Environment): Environment {
  if (environment['DOMAIN']) return environment
  throw deployError(
    'ADDRESS_UNKNOWN',
    'neither the route file nor .env on the server says what the gateway is called',
    'give its name with --domain NAME',
  )
}

function envWarnings(then: Environment, today: Environment): string[] {
  const names = gatewayVariables([...Object.keys(then), ...Object.keys(today)])
  const differing = names.filter((name) => (then[name] ?? '') !== (today[name] ?? ''))
  if (differing.length === 0) return []
  return [`it keeps the .env that it was made with, which differs from today's in ${differing.join(', ')}`]
}
