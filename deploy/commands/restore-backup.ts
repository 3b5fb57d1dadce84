import { basename } from 'node:path'
import { readText } from '../../kit/files.ts'
import { parseConfigFile } from '../../kit/gateway-config/config-file.ts'
import { neededKeyVariables } from '../../kit/gateway-config/targets.ts'
import { parseDotenv } from '../../kit/settings/dotenv.ts'
import { errorMessage } from '../../kit/user-error.ts'
import { serverSettings } from '../../templates/server-settings.ts'
import { type ReleaseFile, readBuildContext } from '../local/build-context.ts'
import { readLocalFiles, readPackagedFiles } from '../local/local-files.ts'
import { type Options, settingsGiven } from '../local/options.ts'
import { gatewayUrl } from '../plan/address/gateway-address.ts'
import { copyWishes } from '../plan/backup/copy-wishes.ts'
import { restoredDomain } from '../plan/backup/restored-domain.ts'
import { makePlan } from '../plan/make-plan.ts'
import { fileHashes, releaseId } from '../plan/release.ts'
import { planServerEnv, requireDomain, type ServerEnv } from '../plan/server-env.ts'
import type { CopyWishes, Wishes } from '../plan/situation.ts'
import type { OutsideView } from '../probe/outside-probe.ts'
import { type Archive, readArchive } from '../server/backup/archive.ts'
import { type Facts, liveRelease } from '../server/facts.ts'
import { CONTEXT_FOLDER, contextHashes } from '../server/manifest.ts'
import { defaultDomain } from '../session/address/default-domain.ts'
import { carryOut } from '../session/carry-out.ts'
import type { Context } from '../session/context.ts'
import { type OpenServer, withServer } from '../session/open-server.ts'
import { outsideView } from '../session/outside-view.ts'
import { readDifferences } from '../session/shown/read-differences.ts'
import type { Outcome } from '../session/shown/report.ts'
import { withBackup } from './find-backup.ts'

export interface RestoreOptions {
  /** A bare name is in backups/ on the server; with a `/` it is a file here. */
  file: string
  /** Take the certificates too when the server has some. */
  includesCerts: boolean
  /** Take the log databases too when the server has some, which move aside. */
  includesLogs?: boolean
  /** Take DOMAIN too on a server that has another name. */
  keepsDomain?: boolean
}

/** Makes a new release of a backup and lets it take over; what is there now is backed up first. */
export async function restoreBackup(context: Context, restore: RestoreOptions): Promise<Outcome> {
  const outside = outsideView(context.options)
  const { file } = restore
  return withServer(context, (open) =>
    withBackup(context, open, file, async ({ host, path }) => {
      const archive = withConfig(await readArchive(host, path), context.options)
      const ownDefault = await defaultDomain(context.options, open)
      const { domain, note } = domainOf(open, archive, ownDefault, restore)
      const wishes = wishesOf(context, open, archive, restore, { outside, ownDefault, domain })
      const copies = await copiesOf(wishes.env)
      const changes = makePlan(open.facts, { ...wishes, copies: copies.wishes })
      return carryOut(context, open, {
        verb: 'restore-backup',
        source: `, from ${file}`,
        changes,
        differences: await readDifferences(open, changes),
        warnings: [
          ...(note && context.options.domain === null ? [note] : []),
          ...(archive.isEnvRebuilt ? [ENV_REBUILT] : []),
          ...logWarnings(open, archive, restore),
          ...copies.warnings,
        ],
        buildContext: wishes.buildContext,
        url: gatewayUrl(wishes.settings),
        ifNothingToDo: { note: `The server already runs what is in ${file}.` },
      })
    }),
  )
}

/** Wrong settings for copies must not keep a backup from coming back. */
async function copiesOf({ values }: ServerEnv): Promise<{ wishes: CopyWishes | undefined; warnings: string[] }> {
  try {
    return { wishes: await copyWishes(values), warnings: [] }
  } catch (error) {
    return { wishes: undefined, warnings: [`no backup is sent elsewhere: ${errorMessage(error)}`] }
  }
}

const ENV_REBUILT =
  'this backup has no .env, since the server had lost it; it is put together from the release, and what only it had is not known'

interface Restorable extends Archive {
  config: string
}

/** A backup that was made where no release was left has no config.yml; then it is the one of this machine. */
function withConfig(archive: Archive, { cwd, env }: Options): Restorable {
  return { ...archive, config: archive.config ?? readLocalFiles(cwd, env['CONFIG_PATH']).config }
}

interface Surroundings {
  outside: OutsideView
  /** Name that the server has without one of its own. */
  ownDefault: string | null
  /** DOMAIN that replaces the backup's. */
  domain: string | undefined
}

function wishesOf(
  { options, now }: Context,
  open: OpenServer,
  archive: Restorable,
  restore: RestoreOptions,
  { outside, ownDefault, domain }: Surroundings,
): Wishes & { buildContext: ReleaseFile[] } {
  const { layout, facts } = open
  const { config, certs, path, isLocal, release, manifest } = archive
  const id = releaseId(now)
  const staging = `${layout.folder}/.restore-${id}`
  const env = envOf(options, archive, { ownDefault, domain })
  const acmeCa = acmeCaOf(options, facts, archive)
  return {
    ...readPackagedFiles(),
    ...sourceOf(open, archive, staging),
    settings: serverSettings(env.values, acmeCa !== null),
    env,
    config,
    acmeCa,
    outside,
    now,
    skipsBackup: options.skipsBackup,
    restore: {
      archive: { path, isLocal },
      staging,
      releaseFolder: release?.folder ?? null,
      certificates: restore.includesCerts || !hasCertificates(facts) ? certs : [],
      ...logsOf(archive, facts, restore, id),
      ...(manifest && { hashes: manifest.files }),
    },
  }
}

function hasCertificates({ certificates, ownCertificates }: Facts): boolean {
  return certificates.length + ownCertificates.length > 0
}

function envOf(
  options: Options,
  { env, config, path }: Restorable,
  { ownDefault, domain }: Pick<Surroundings, 'ownDefault' | 'domain'>,
): ServerEnv {
  return requireDomain(
    planServerEnv({
      server: env,
      local: null,
      answers: {},
      overrides: { ...(domain !== undefined && { DOMAIN: domain }), ...settingsGiven(options) },
      defaultDomain: ownDefault,
      neededKeys: neededKeyVariables(parseConfigFile(config, `config.yml of ${basename(path)}`)),
    }),
  )
}

/** PEM that the edge trusts for the ACME directory. */
function acmeCaOf({ acmeCaCert }: Options, { edge }: Facts, archive: Archive): string | null {
  return acmeCaCert === null ? (edge.acmeCa ?? archive.acmeCa) : readText(acmeCaCert)
}

/** Its log databases come back where there are none, or when the user wants it. */
function logsOf(archive: Archive, { hasLogDatabases }: Facts, { includesLogs }: RestoreOptions, id: string) {
  if (!archive.hasLogs || (hasLogDatabases && !includesLogs)) return {}
  return { logs: { id, inconsistent: inconsistentLogs(archive) } }
}

function domainOf(
  { facts }: OpenServer,
  archive: Archive,
  ownDefault: string | null,
  { keepsDomain = false }: RestoreOptions,
) {
  return restoredDomain({
    inBackup: parseDotenv(archive.env).values['DOMAIN'],
    onServer: facts.env === null ? undefined : parseDotenv(facts.env).values['DOMAIN'],
    ownDefault,
    madeAt: archive.manifest?.defaultDomain ?? null,
    isKept: keepsDomain,
  })
}

const LOG_DATABASES = 'logs/db/'

/** By path in logs/db. */
function inconsistentLogs({ manifest }: Archive): string[] {
  return Object.keys(manifest?.inconsistent ?? {}).map((path) => path.slice(LOG_DATABASES.length))
}

function logWarnings({ facts }: OpenServer, { hasLogs }: Archive, { includesLogs }: RestoreOptions): string[] {
  if (includesLogs && !hasLogs) return ['this backup holds no log databases']
  if (!hasLogs || includesLogs || !facts.hasLogDatabases) return []
  return ['the log databases of the server stay; --include-logs takes those of the backup']
}

interface Source extends Pick<Wishes, 'context' | 'contextHashes'> {
  /** Files of this machine that the image is built from; none if they are on the server. */
  buildContext: ReleaseFile[]
}

/**
 * What the image is built from: the release in the backup. A backup of the predecessor has none; then it is the live one,
 * and on a server without one the sources of this tool.
 */
function sourceOf({ facts, layout }: OpenServer, { release }: Archive, staging: string): Source {
  const live = liveRelease(facts)
  const found = release ?? live
  if (found === null) {
    const buildContext = readBuildContext()
    return { contextHashes: fileHashes(buildContext), context: { kind: 'local' }, buildContext }
  }
  const folder = release === null ? layout.release(found.manifest.id) : `${staging}/${release.folder}`
  return {
    contextHashes: contextHashes(found.manifest),
    context: { kind: 'server', folder: `${folder}/${CONTEXT_FOLDER}` },
    buildContext: [],
  }
}
