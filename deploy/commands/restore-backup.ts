import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { parseConfigFile } from '../../kit/gateway-config/config-file.ts'
import { neededKeyVariables } from '../../kit/gateway-config/targets.ts'
import { serverSettings } from '../../templates/server-settings.ts'
import { deployError } from '../errors.ts'
import { LocalHost } from '../host/local-host.ts'
import { readPackagedFiles } from '../local/local-files.ts'
import { settingsGiven } from '../local/options.ts'
import { gatewayUrl } from '../plan/gateway-address.ts'
import { makePlan } from '../plan/make-plan.ts'
import { releaseId } from '../plan/release.ts'
import { planServerEnv, requireDomain } from '../plan/server-env.ts'
import type { Wishes } from '../plan/situation.ts'
import type { OutsideView } from '../probe/outside-probe.ts'
import { type Archive, readArchive } from '../server/archive.ts'
import { liveRelease } from '../server/facts.ts'
import { CONTEXT_FOLDER, contextHashes } from '../server/manifest.ts'
import { carryOut } from '../session/carry-out.ts'
import type { Context } from '../session/context.ts'
import { defaultDomain } from '../session/default-domain.ts'
import { type OpenServer, withServer } from '../session/open-server.ts'
import { outsideView } from '../session/outside-view.ts'
import type { Outcome } from '../session/report.ts'

export interface RestoreOptions {
  /** A bare name is in backups/ on the server; with a `/` it is a file here. */
  file: string
  /** Take the certificates too when the server has some. */
  includesCerts: boolean
}

/** Makes a new release of a backup and lets it take over; what is there now is backed up first. */
export async function restoreBackup(context: Context, { file, includesCerts }: RestoreOptions): Promise<Outcome> {
  const outside = outsideView(context.options)
  return withServer(context, async (open) => {
    const archive = await findArchive(open, file)
    const wishes = await wishesOf(context, open, archive, outside, includesCerts)
    return carryOut(context, open, {
      verb: 'restore-backup',
      source: `, from ${file}`,
      changes: makePlan(open.facts, wishes),
      warnings: [],
      url: gatewayUrl(wishes.settings),
      ifNothingToDo: { note: `The server already runs what is in ${file}.` },
    })
  })
}

/** Looks into a backup where it is: on the server by its bare name, on this machine by a path. */
async function findArchive({ connection, layout, facts }: OpenServer, file: string): Promise<Archive> {
  if (file.includes('/')) {
    if (statSync(file, { throwIfNoEntry: false })?.isFile()) return readArchive(new LocalHost({ kind: 'root' }), file)
    throw deployError('RESTORE_FAILED', `${file} does not exist on this machine`, 'check the path')
  }
  if (facts.backups.some(({ name }) => name === file)) {
    return readArchive(connection.host, `${layout.backups}/${file}`)
  }
  throw deployError(
    'RESTORE_FAILED',
    `there is no ${file} in ${layout.backups} on the server`,
    'see --list-backups; write ./NAME for a file on this machine',
  )
}

async function wishesOf(
  context: Context,
  open: OpenServer,
  archive: Archive,
  outside: OutsideView,
  includesCerts: boolean,
): Promise<Wishes> {
  const { options, now } = context
  const { layout, facts } = open
  const { config, certs, path, isLocal, release } = archive
  const gatewayConfig = parseConfigFile(config, `config.yml of ${basename(path)}`)
  const staging = `${layout.folder}/.restore-${releaseId(now)}`
  const source = sourceOf(open, archive, staging)
  const env = planServerEnv({
    server: archive.env,
    local: null,
    answers: {},
    overrides: settingsGiven(options),
    defaultDomain: await defaultDomain(options, open),
    neededKeys: neededKeyVariables(gatewayConfig),
  })
  const { acmeCa } = facts.edge
  return {
    ...readPackagedFiles(),
    settings: serverSettings(requireDomain(env).values, acmeCa !== null),
    env,
    contextHashes: contextHashes(source.manifest),
    context: { kind: 'server', folder: `${source.folder}/${CONTEXT_FOLDER}` },
    config,
    acmeCa,
    outside,
    now,
    restore: {
      archive: { path, isLocal },
      staging,
      releaseFolder: release?.folder ?? null,
      certificates: includesCerts || facts.certificates.length === 0 ? certs : [],
    },
  }
}

/**
 * The release that gives the build context, and its folder on the server: the backup's own, or the live one for a backup of
 * the predecessor, which has none. @throws UserError RESTORE_FAILED
 */
function sourceOf({ facts, layout }: OpenServer, { release }: Archive, staging: string) {
  if (release !== null) return { manifest: release.manifest, folder: `${staging}/${release.folder}` }
  const live = liveRelease(facts)
  if (live !== null) return { manifest: live.manifest, folder: layout.release(live.manifest.id) }
  throw deployError(
    'RESTORE_FAILED',
    'this backup of the predecessor contains settings only, and no release is installed on the server',
    'deploy first, then restore it',
  )
}
