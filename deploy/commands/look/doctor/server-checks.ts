import { readText } from '../../../../kit/files.ts'
import { readCheckedEnvironment } from '../../../../kit/gateway-config/checked-environment.ts'
import { parseDotenv } from '../../../../kit/settings/dotenv.ts'
import type { Environment } from '../../../../kit/settings/environment.ts'
import { type ServerSettings, serverSettings } from '../../../../templates/server-settings.ts'
import { run } from '../../../host/host.ts'
import * as preflight from '../../../plan/preflight.ts'
import { liveTrouble } from '../../../plan/situation.ts'
import { doctorReadings } from '../../../remote/looking/doctor-script.ts'
import { type Facts, liveRelease } from '../../../server/facts.ts'
import { describeHold } from '../../../server/lock/hold.ts'
import { type RoutineRuns, readRoutineRuns } from '../../../server/logdb/routine-runs.ts'
import { hasUi } from '../../../server/manifest.ts'
import { readPairs } from '../../../server/pairs.ts'
import type { Context } from '../../../session/context.ts'
import type { OpenServer } from '../../../session/open-server.ts'
import { type Check, failed, judged, passed } from '../../../session/shown/check-rows.ts'
import { commandLine } from '../../../session/shown/command-line.ts'
import { clockCheck, storeCheck } from '../shared-checks.ts'
import { freeMemoryMib, memoryCheck } from './memory-check.ts'
import { outwardChecks } from './outward-checks.ts'

/** What a deploy needs of the server. */
export async function serverChecks(context: Context, open: OpenServer): Promise<Check[]> {
  const { facts, connection, layout } = open
  const { host } = connection
  const readings = readPairs(await run(host, 'look for programs', doctorReadings(layout.folder)))
  const settings = serverSettings(parseDotenv(facts.env ?? '').values, facts.edge.acmeCa !== null)
  const { acmeCaServer, acmeCaCert } = context.options
  const outward = await outwardChecks((port, address) => host.connect(port, address), {
    settings: acmeCaServer === null ? settings : { ...settings, acme: { ...settings.acme, caServer: acmeCaServer } },
    mirrors: readings.all('mirror'),
    hasOwnCertificate: facts.ownCertificates.length > 0,
    acmeCa: acmeCaCert === null ? facts.edge.acmeCa : readText(acmeCaCert),
  })
  return [
    ...readyChecks(facts, settings),
    memoryCheck(facts, settings, freeMemoryMib(readings)),
    ...outward,
    programCheck(readings.all('missing')),
    readings.one('unwritable') !== undefined
      ? failed('folder', `${layout.folder} cannot be written`, 'name another one: --path FOLDER')
      : passed('folder', `${layout.folder} can be written`),
    clockCheck(facts),
    envCheck(facts),
    holdCheck(context, facts),
    ...(facts.live === null
      ? []
      : [...liveChecks(facts), routineCheck(facts, settings, readRoutineRuns(readings)), ...uiChecks(facts)]),
  ]
}

/** The same that stops a plan. */
function readyChecks(facts: Facts, settings: ServerSettings): Check[] {
  const { os, docker, freeBytes } = facts
  const image = facts.imageTags.length === 0 ? preflight.MIN_FREE_FOR_BUILD_BYTES : preflight.MIN_FREE_FOR_RELEASE_BYTES
  const free = Math.floor(Math.min(freeBytes.docker, freeBytes.folder) / 1024 ** 2)
  return [
    judged('system', `${os.id || 'an unknown system'} on ${os.arch}`, () => preflight.checkArchitecture(facts)),
    judged('docker', dockerWords(docker), () => preflight.checkInstallation(facts)),
    judged('disk', `${free} MiB free`, () => preflight.checkSpace(facts, image)),
    judged('edge', 'no other gateway has its edge on this server', () => preflight.checkEdgeOwner(facts)),
    ...[settings.httpPort, settings.httpsPort].map((port) =>
      judged(`port ${port}`, 'is free, or the edge has it', () => preflight.checkPort(facts, port)),
    ),
  ]
}

function dockerWords(docker: Facts['docker']): string {
  if (docker === null) return 'is not there yet; a deploy installs it'
  if (docker.engine === null) return 'the engine does not run; a deploy starts it'
  if (docker.compose === null) return `engine ${docker.engine}; a deploy installs Compose`
  return `engine ${docker.engine}, Compose ${docker.compose.version}`
}

function programCheck(missing: readonly string[]): Check {
  if (missing.length === 0) return passed('programs', 'all that a deploy uses are there')
  const packages = 'they are in the packages coreutils, util-linux, tar, sed and mawk'
  return failed('programs', `missing: ${missing.join(', ')}`, `install them on the server; ${packages}`)
}

function envCheck({ env, live }: Facts): Check {
  if (env === null) {
    const remedy = 'run a deploy, which puts it together again'
    return live === null ? passed('.env', 'there is none yet; a deploy makes it') : failed('.env', 'is lost', remedy)
  }
  const values: Environment = {}
  const check = judged('.env', 'is valid', () =>
    Object.assign(values, readCheckedEnvironment(env, "the server's .env")),
  )
  const remedy = 'set it: ai-deploy env set API_KEYS'
  return check.isOk && !values['API_KEYS'] ? failed('.env', 'has no API_KEYS', remedy) : check
}

function holdCheck(context: Context, { hold }: Facts): Check {
  if (hold === null) return passed('hold', 'the server may be changed')
  return failed('hold', describeHold(hold), `when it may be changed again: ${commandLine(context, 'unhold')}`)
}

/** What a plain deploy repairs. */
function liveChecks(facts: Facts): Check[] {
  const { edge } = facts
  const trouble = liveTrouble(facts)
  const edgeTrouble = edge.isRunning ? (edge.trouble ?? null) : 'stopped'
  const isCutOff = facts.hasTornFiles || facts.isUnwatched || edge.isHandedOver
  const remedy = 'run a deploy, which repairs it'
  return [
    trouble === null ? passed('gateway', 'runs') : failed('gateway', `is ${trouble}`, remedy),
    edgeTrouble === null ? passed('edge runs', 'yes') : failed('edge runs', `no: it is ${edgeTrouble}`, remedy),
    storeCheck(facts),
    isCutOff
      ? failed('leftovers', 'a run that was cut off left something behind', remedy)
      : passed('leftovers', 'no run was cut off'),
  ]
}

/** That `logdb auto` runs, and that its last run ended well. */
function routineCheck({ routine }: Facts, settings: ServerSettings, { last }: RoutineRuns): Check {
  const name = 'logdb auto'
  if (settings.routine === undefined) return passed(name, 'is turned off in .env')
  if (routine.scheduler === undefined) {
    const remedy = 'install cron on the server and deploy, or run it yourself: scripts/logdb auto'
    return failed(name, 'is not run, since the server has neither systemd nor cron', remedy)
  }
  if (routine.entry.length === 0) return failed(name, 'is not run by anything', 'run a deploy, which repairs it')
  if (last?.problem === undefined) return passed(name, last ? 'its last run ended well' : 'has not run yet')
  const remedy = last.hint ?? 'run it on the server to see more: scripts/logdb auto'
  return failed(name, `its last run failed: ${last.problem}`, remedy)
}

function uiChecks(facts: Facts): Check[] {
  const live = liveRelease(facts)
  if (live === null || !hasUi(live.manifest)) return []
  if (facts.ui.release === live.manifest.id) return [passed('logs ui', 'runs')]
  return [failed('logs ui', 'does not run', 'run a deploy, which repairs it')]
}
