import { deployError } from '../errors.ts'
import { run } from '../host/host.ts'
import { memberSums } from '../remote/backup.ts'
import { readArchive } from '../server/backup/archive.ts'
import { splitOnce } from '../server/pairs.ts'
import type { Context } from '../session/context.ts'
import { withServer } from '../session/open-server.ts'
import type { Outcome } from '../session/shown/report.ts'
import { findBackup } from './find-backup.ts'

/** Compares every file in a backup with its manifest; nothing is unpacked or changed. */
export async function verifyBackup(context: Context, file: string): Promise<Outcome> {
  return withServer(context, async (open) => {
    const { host, path } = findBackup(open, file)
    const { manifest } = await readArchive(host, path)
    if (manifest === null) {
      throw deployError(
        'BACKUP_DAMAGED',
        `${file} has no manifest, so its files cannot be compared with anything`,
        'it can still be restored: --restore-backup reads what it needs',
      )
    }
    const lines = (await run(host, `read ${path}`, memberSums(path))).split('\n')
    const sums = new Map(lines.map((line) => splitOnce(line, '  ')).map(([sum, name]) => [name, sum]))
    const damaged = Object.keys(manifest.files).filter((name) => sums.get(name) !== manifest.files[name])
    if (damaged.length > 0) {
      throw deployError('BACKUP_DAMAGED', `${file} is damaged: ${damaged.join(', ')}`, 'choose another one')
    }
    const fileCount = Object.keys(manifest.files).length
    const { consistent, inconsistent } = manifest
    const doubtful = Object.entries(inconsistent).map(([name, why]) => `${name} was copied as it is: ${why}`)
    return {
      result: { file, files: fileCount, is_consistent: consistent, inconsistent },
      warnings: doubtful,
      lines: [`${file}: all ${fileCount} files are as they were written`, ...doubtful],
    }
  })
}
