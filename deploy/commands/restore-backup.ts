import { createReadStream, statSync } from 'node:fs'
import { basename } from 'node:path'
import { parseConfigFile } from '../../kit/gateway-config/config-file.ts'
import { gatewayUrl } from '../../templates/server-settings.ts'
import { deployError } from '../errors.ts'
import { run } from '../host/host.ts'
import { LocalHost } from '../host/local-host.ts'
import { type PackagedFiles, readPackagedFiles } from '../local/local-files.ts'
import { liveManifest, makePlan, type Plan } from '../plan/make-plan.ts'
import { CONTEXT_FOLDER, contextHashes, type Manifest, releaseId } from '../plan/release.ts'
import { planServerEnv, type ServerEnv } from '../plan/server-env.ts'
import * as remote from '../remote/backup.ts'
import * as files from '../remote/files.ts'
import { type Archive, readArchive } from '../server/archive.ts'
import { report } from '../session/report.ts'
import type { Step, StepTime } from '../session/run-steps.ts'
import { deploySteps } from '../steps/apply.ts'
import { backUp } from '../steps/backup.ts'
import type { Server } from '../steps/server.ts'
import {
  type Context,
  changeServer,
  confirm,
  defaultDomain,
  type OpenServer,
  openServer,
  outsideView,
  overridesOf,
  withDomain,
} from './shared.ts'

export interface RestoreOptions {
  /** A bare name is in backups/ on the server; with a `/` it is a file here. */
  file: string
  /** Take the certificates too when the server has some. */
  includeCerts: boolean
}

/** Makes a new release of a backup and lets it take over; what is there now is backed up first. */
export async function restoreBackup(context: Context, { file, includeCerts }: RestoreOptions): Promise<void> {
  const { io, options } = context
  const open = await openServer(context)
  const { host, facts } = open
  try {
    const archive = await findArchive(open, file)
    const chosen = await choose(context, open, archive, includeCerts)
    const { plan, takeCerts } = chosen
    const changes = [...plan.changes, ...(takeCerts ? ['put its certificates in place'] : [])]
    const release = (plan.release?.manifest ?? liveManifest(facts))?.id ?? null
    const outcome = { url: gatewayUrl(plan.settings), changes, release }
    if (changes.length === 0) {
      io.err(`${file} is what the server runs already.`)
      report(context, open, { ...outcome, changed: false, times: [] })
      return
    }
    io.err(`On ${options.host}, from ${file}:`)
    for (const line of changes) io.err(`  - ${line}`)
    if (options.dryRun || !(await confirm(context, open.asks, `Do this on ${options.host}?`))) {
      io.err('Nothing was changed.')
      report(context, open, { ...outcome, changed: false, times: [] })
      return
    }
    const times = await restore(context, open, chosen)
    report(context, open, { ...outcome, changed: true, times })
  } finally {
    await host.close()
  }
}

async function restore(context: Context, open: OpenServer, chosen: Chosen): Promise<StepTime[]> {
  const staging = `${open.layout.folder}/.restore-${releaseId(context.now)}`
  try {
    return await changeServer(context, {
      open,
      verb: 'restore-backup',
      release: chosen.plan.release?.manifest.id ?? null,
      steps: (server) => restoreSteps(context, server, chosen, staging),
    })
  } finally {
    for (const path of [staging, `${staging}.tar.gz`]) {
      await open.host.exec(files.removeTree(path)).catch(() => {}) // The connection may be gone.
    }
  }
}

/** Looks into a backup where it is: on the server by its bare name, on this machine by a path. */
async function findArchive({ host, layout, facts }: OpenServer, file: string): Promise<Archive> {
  if (file.includes('/')) {
    if (statSync(file, { throwIfNoEntry: false })?.isFile()) return readArchive(new LocalHost({ kind: 'root' }), file)
    throw deployError('RESTORE_FAILED', `${file} is no file of this machine`, 'check the path')
  }
  if (facts.backups.some(({ name }) => name === file)) return readArchive(host, `${layout.backups}/${file}`)
  throw deployError(
    'RESTORE_FAILED',
    `there is no ${file} in ${layout.backups} on the server`,
    'see --list-backups; write ./NAME for a file on this machine',
  )
}

/** Whose build context the new release has: the backup's, or for a predecessor's backup that of the live release. */
interface ContextOrigin {
  manifest: Manifest
  inArchive: boolean
}

function contextOf({ facts }: OpenServer, archive: Archive): ContextOrigin {
  if (archive.release) return { manifest: archive.release.manifest, inArchive: true }
  const live = liveManifest(facts)
  if (live) return { manifest: live, inArchive: false }
  throw deployError(
    'RESTORE_FAILED',
    'this backup of the predecessor holds settings only, and there is no release here to run them',
    'deploy first, then restore it',
  )
}

async function archivedEnv(context: Context, open: OpenServer, archive: Archive): Promise<ServerEnv> {
  const input = { server: archive.env, local: null, answers: {}, overrides: overridesOf(context) }
  return withDomain(planServerEnv({ ...input, defaultDomain: await defaultDomain(context, open) }))
}

interface Chosen {
  archive: Archive
  source: ContextOrigin
  env: ServerEnv
  packaged: PackagedFiles
  plan: Plan
  takeCerts: boolean
}

async function choose(context: Context, open: OpenServer, archive: Archive, includeCerts: boolean): Promise<Chosen> {
  const { facts } = open
  parseConfigFile(archive.config, `config.yml of ${basename(archive.path)}`)
  const source = contextOf(open, archive)
  const env = await archivedEnv(context, open, archive)
  const packaged = readPackagedFiles()
  const plan = makePlan({
    ...packaged,
    facts,
    env,
    contextHashes: contextHashes(source.manifest),
    config: archive.config,
    acmeCa: null,
    now: context.now,
  })
  const takeCerts = archive.certs.length > 0 && (includeCerts || facts.certificates.length === 0)
  return { archive, source, env, packaged, plan, takeCerts }
}

function restoreSteps(context: Context, server: Server, chosen: Chosen, staging: string): Step[] {
  const { host, layout, facts } = server
  const { archive, source, env, packaged, plan, takeCerts } = chosen
  const folder = source.inArchive ? `${staging}/${archive.release?.folder}` : layout.release(source.manifest.id)
  const steps = deploySteps({
    server,
    plan: {
      ...plan,
      backup: false,
      restartEdge: plan.restartEdge || (takeCerts && facts.edge.running && !plan.writeEdge),
    },
    env,
    logdbScript: packaged.logdbScript,
    context: { kind: 'server', folder: `${folder}/${CONTEXT_FOLDER}` },
    outside: outsideView(context),
  })
  return [
    {
      title: 'Unpack the backup',
      enabled: source.inArchive || takeCerts,
      run: () => unpack(server, chosen, staging),
    },
    {
      title: 'Back up what is there',
      enabled: facts.live !== null,
      run: () => backUp(server, plan.settings, basename(archive.path)),
    },
    {
      title: 'Put the certificates in place',
      enabled: takeCerts,
      run: () => placeCerts(server, `${staging}/certs`),
    },
    ...steps,
    {
      title: 'Remove the certificates before',
      enabled: takeCerts,
      run: async () => {
        await run(host, 'remove the certificates before', files.removeTree(`${layout.certs}.before`))
        return 'Removed the certificates before; the backup made now has them'
      },
    },
  ]
}

async function unpack({ host }: Server, { archive, source }: Chosen, staging: string): Promise<string> {
  const path = archive.isLocal ? `${staging}.tar.gz` : archive.path
  if (archive.isLocal) {
    await run(host, 'send the backup', files.receiveFile(path), { stdin: createReadStream(archive.path) })
  }
  const folder = source.inArchive ? archive.release?.folder : undefined
  await run(
    host,
    'unpack the backup',
    remote.unpackMembers(path, staging, [...(folder ? [folder] : []), ...archive.certs]),
  )
  if (folder !== undefined) {
    const sums = Object.entries(contextHashes(source.manifest)).map(([path, hash]) => `${hash}  ${path}\n`)
    const check = await host.exec(remote.verifySums(`${staging}/${folder}/${CONTEXT_FOLDER}`), { stdin: sums.join('') })
    if (check.exitCode !== 0) {
      throw deployError(
        'RESTORE_FAILED',
        `the backup is damaged: ${check.stdout.trim()}`,
        'choose another one of --list-backups',
      )
    }
  }
  return 'Unpacked and verified'
}

async function placeCerts({ host, layout, undo }: Server, source: string): Promise<string> {
  const kept = `${layout.certs}.before`
  undo.push('put the certificates back', async () => {
    await run(host, 'put the certificates back', remote.putCertsBack(layout.certs, kept))
  })
  await run(host, 'put the certificates in place', remote.replaceCerts(source, layout.certs, kept))
  return 'Put the certificates of the backup in place'
}
