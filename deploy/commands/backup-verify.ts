import { deployError } from '../errors.ts'
import { type Host, run } from '../host/host.ts'
import { memberSums } from '../remote/backup/backup.ts'
import { readArchive } from '../server/backup/archive.ts'
import type { BackupManifest } from '../server/backup/backup-manifest.ts'
import { splitOnce } from '../server/pairs.ts'
import type { Context } from '../session/context.ts'
import { type OpenServer, withServer } from '../session/open-server.ts'
import type { Outcome } from '../session/shown/report.ts'
import { type FoundBackup, withBackup } from './find-backup.ts'
import { type Judgement, judgeBackup } from './judge-backup.ts'

/** Compares every file in a backup with its manifest, and lets SQLite judge its databases. It changes nothing. */
export async function verifyBackup(context: Context, file: string): Promise<Outcome> {
  return withServer(context, async (open) => {
    return withBackup(context, open, file, (found) => verifyFound(open, file, found))
  })
}

async function verifyFound(open: OpenServer, file: string, { host, path }: FoundBackup): Promise<Outcome> {
  const archive = await readArchive(host, path)
  const { manifest } = archive
  if (manifest === null) {
    throw deployError(
      'BACKUP_DAMAGED',
      `${file} has no manifest, so its files cannot be compared with anything`,
      'it can still be restored: --restore-backup reads what it needs',
    )
  }
  const damaged = await changedFiles(host, path, manifest)
  if (damaged.length > 0) throw isDamaged(file, damaged.join(', '))
  return outcomeOf(file, manifest, await judgeBackup(open, archive))
}

/** Files that are not what the manifest says. */
async function changedFiles(host: Host, path: string, { files }: BackupManifest): Promise<string[]> {
  const lines = (await run(host, `read ${path}`, memberSums(path))).split('\n')
  const sums = new Map(lines.map((line) => splitOnce(line, '  ')).map(([sum, name]) => [name, sum]))
  return Object.keys(files).filter((name) => sums.get(name) !== files[name])
}

function isDamaged(file: string, what: string) {
  return deployError('BACKUP_DAMAGED', `${file} is damaged: ${what}`, 'choose another one')
}

/** @throws UserError BACKUP_DAMAGED if a copy that should be consistent is not whole */
function outcomeOf(file: string, manifest: BackupManifest, judgement: Judgement): Outcome {
  const { consistent, inconsistent, files } = manifest
  const databases = 'databases' in judgement ? judgement.databases : []
  const broken = databases.filter(({ path, problem }) => problem !== null && !(path in inconsistent))
  if (broken.length > 0) throw isDamaged(file, broken.map(({ path, problem }) => `${path} (${problem})`).join(', '))
  const warnings = warningsOf(manifest, judgement)
  const fileCount = Object.keys(files).length
  return {
    result: {
      file,
      files: fileCount,
      is_consistent: consistent,
      inconsistent,
      databases: databases.map(({ path, problem }) => ({ path, is_whole: problem === null, problem })),
      not_judged: 'reason' in judgement ? judgement.reason : null,
    },
    warnings,
    lines: [
      `${file}: all ${fileCount} files are as they were written`,
      ...(databases.length > 0
        ? [
            `${databases.filter(({ problem }) => problem === null).length} of ${databases.length} log databases are whole`,
          ]
        : []),
      ...warnings,
    ],
  }
}

function warningsOf({ inconsistent }: BackupManifest, judgement: Judgement): string[] {
  if ('reason' in judgement)
    return [`its log databases were not judged: ${judgement.reason}`, ...asTheyAre(inconsistent)]
  const problems = new Map(judgement.databases.map(({ path, problem }) => [path, problem]))
  return Object.entries(inconsistent).map(([path, why]) => {
    const problem = problems.get(path)
    const finding = problem === null ? 'it is whole' : `it is damaged: ${problem ?? 'it is not in the backup'}`
    return `${path} was copied as it is (${why}); ${finding}`
  })
}

function asTheyAre(inconsistent: BackupManifest['inconsistent']): string[] {
  return Object.entries(inconsistent).map(([path, why]) => `${path} was copied as it is: ${why}`)
}
