import { sha256 } from '../../../kit/sha256.ts'
import { errorMessage } from '../../../kit/user-error.ts'
import { deployError } from '../../errors.ts'
import { run } from '../../host/host.ts'
import { backupsToRemove } from '../../plan/backup/prune-backups.ts'
import type { Change } from '../../plan/change.ts'
import { packBackup, stageBackup } from '../../remote/backup/make-backup.ts'
import {
  type BackupManifest,
  backupContent,
  renderBackupManifest,
  WITHOUT_IMAGE,
} from '../../server/backup/backup-manifest.ts'
import type { BackupFact, Facts } from '../../server/facts.ts'
import { readPairs, splitOnce } from '../../server/pairs.ts'
import { renderState } from '../../server/state.ts'
import { putFile } from '../../server/transfer.ts'
import type { Definition, Server } from '../definition.ts'

type BackUp = Change<'back-up'>

/** Backs up what is there now. A log database that cannot be copied well is a warning, never a reason to stop. */
export const backUp: Definition<'back-up'> = {
  describe: (change) => (change.isRequested ? [describeBackup('write', change)] : []),
  explain: (change) => (change.isRequested ? [] : [describeBackup('back up what is there now to', change)]),
  cost: ({ includesLogs }, { hasLogDatabases }) =>
    includesLogs && hasLogDatabases ? 'space for a copy of the log databases' : undefined,
  title: 'Back up',
  async run(change, server) {
    const { name } = change
    try {
      const manifest = await stage(change, server)
      const added = await pack(change, manifest, server)
      for (const warning of warningsOf(change, manifest)) server.warn(warning)
      const logs = manifest.hasLogs ? ', with the log databases' : ''
      return {
        done: `Wrote backups/${name} (${Math.ceil(added.sizeBytes / 1024)} KiB${logs})`,
        facts: await recorded(server, added, change.counter),
      }
    } catch (error) {
      if (change.mayFail) {
        server.warn(`no backup was written, since this repairs what does not answer: ${errorMessage(error)}`)
        return 'Continued without a backup'
      }
      const hint =
        'what answers is untouched; remove the cause (often a full disk) and run again, or run with --no-backup to go without'
      throw deployError('BACKUP_FAILED', errorMessage(error), hint, error)
    }
  },
  undo: () => undefined,
}

function describeBackup(action: string, { name, includesLogs }: BackUp): string {
  return `${action} backups/${name}${includesLogs ? ', with the log databases' : ''}`
}

async function stage(change: BackUp, { host, layout, now }: Server): Promise<BackupManifest> {
  const { name, release, image, owner, includesLogs, counter, domain, defaultDomain } = change
  const command = stageBackup({
    folder: layout.folder,
    name,
    release: release ?? '',
    image: image ?? '',
    owner: `${owner.uid}:${owner.gid}`,
    includesLogs,
  })
  const pairs = readPairs(await run(host, 'write the backup', command))
  const reasons = new Map(
    pairs
      .all('reason')
      .map((line) => splitOnce(line, ' '))
      .map(([code, path]) => [path, code]),
  )
  const otherwise =
    pairs.one('image') === undefined ? 'it cannot be read' : `${WITHOUT_IMAGE}${image} is not on the server`
  const inconsistent = pairs.all('raw').map((path): [string, string] => [path, reasons.get(path) ?? otherwise])
  const files = Object.fromEntries(
    pairs
      .all('file')
      .map((line) => splitOnce(line, '  '))
      .map(([sum, path]) => [path, sum]),
  )
  return {
    version: 1,
    counter,
    createdAt: now.toISOString(),
    release,
    domain,
    defaultDomain,
    hasLogs: Object.keys(files).some((path) => /^logs\/db\/.*\.sqlite3$/.test(path)),
    consistent: inconsistent.length === 0,
    inconsistent: Object.fromEntries(inconsistent),
    content: backupContent(files),
    files,
  }
}

async function pack({ name, protects }: BackUp, manifest: BackupManifest, { host, layout, facts, now }: Server) {
  const { files: _, ...summary } = manifest
  const added: BackupFact = {
    name,
    sizeBytes: 0,
    modifiedS: Math.floor(now.getTime() / 1000),
    summary,
    isPredecessors: false,
  }
  const text = renderBackupManifest(manifest)
  const command = packBackup(layout.folder, name, sha256(text), backupsToRemove(facts.backups, added, protects))
  const sizeBytes = Number((await run(host, 'write the backup', command, { stdin: text })).trim())
  return { ...added, sizeBytes }
}

/** The counter goes into state.json too, where it outlives the backups. */
async function recorded({ host, layout, facts }: Server, added: BackupFact, counter: number): Promise<Facts> {
  const backups = [...facts.backups, added]
  if (facts.state === null) return { ...facts, backups }
  const state = { ...facts.state, backups: counter }
  await putFile(host, layout.state, renderState(state))
  return { ...facts, backups, state }
}

function warningsOf({ name }: BackUp, { inconsistent }: BackupManifest): string[] {
  return Object.entries(inconsistent).map(
    ([path, reason]) => `backups/${name} holds ${path} as it is, not as a consistent copy: ${reason}`,
  )
}
