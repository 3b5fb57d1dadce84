import { existsSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { type CopySettings, describeTarget, readCopySettings } from '../../kit/backup-copy/copy-settings.ts'
import { parseDotenv } from '../../kit/settings/dotenv.ts'
import { deployError } from '../errors.ts'
import { type Host, run } from '../host/host.ts'
import { decryptFile, isAgeFile } from '../local/age-file.ts'
import { type BackupCopy, copyOf } from '../server/backup/backup-copies.ts'
import { copyProblem, placeCopyJob } from '../server/backup/run-copy-job.ts'
import { liveRelease } from '../server/facts.ts'
import type { Context } from '../session/context.ts'
import { type OpenServer, withServer } from '../session/open-server.ts'
import type { Outcome } from '../session/shown/report.ts'
import { fetchFile } from './fetch-file.ts'

/**
 * Fetches a backup into the current folder, readable by its owner only: that of the server, else its copy at BACKUP_TO. With
 * an identity an encrypted copy is decrypted here.
 */
export async function pullBackup(context: Context, name: string): Promise<Outcome> {
  if (name.includes('/')) {
    throw deployError('USAGE', `${name} is not a name of --list-backups`, 'give the name alone, without a folder')
  }
  const target = freePath(context, name)
  return withServer(context, async (open) => {
    const { connection, layout, facts } = open
    if (facts.backups.some((backup) => backup.name === name)) {
      await fetchFromServer(connection.host, `${layout.backups}/${name}`, target)
      return { result: { path: target }, lines: [target] }
    }
    const settings = await readCopySettings(parseDotenv(facts.env ?? '').values)
    const copy = copyOf(facts.copies, name, settings && describeTarget(settings.target))
    if (copy !== undefined) return fetchCopy(context, open, copy, settings)
    throw deployError('RESTORE_FAILED', `there is no ${name} on the server, and no copy of it`, 'see --list-backups')
  })
}

/** @throws UserError USAGE: nothing is overwritten */
function freePath({ options }: Context, name: string): string {
  const target = resolve(options.cwd, name)
  if (existsSync(target)) throw deployError('USAGE', `${name} exists here already`, 'move it away, or keep it')
  return target
}

async function fetchFromServer(host: Host, path: string, target: string): Promise<void> {
  const [expected = ''] = (await run(host, `read ${path}`, ['sha256sum', '--', path])).split(/[ \n]/)
  await fetchFile(host, ['cat', '--', path], target, expected.replace(/^\\/, ''), path)
}

/** Through the server, which has the keys for that place. */
async function fetchCopy(
  context: Context,
  { connection, layout, facts }: OpenServer,
  copy: BackupCopy,
  settings: CopySettings | undefined,
): Promise<Outcome> {
  const { host } = connection
  const image = liveRelease(facts)?.manifest.image
  if (settings === undefined || image === undefined || describeTarget(settings.target) !== copy.to) {
    throw deployError(
      'RESTORE_FAILED',
      `the copy of ${copy.name} is at ${copy.to}`,
      'fetch it there with its own tools',
    )
  }
  const place = { host, layout, image }
  const job = { target: settings.target, name: copy.storedAs }
  const checked = await host.exec(await placeCopyJob(place, { verb: 'check', ...job }))
  if (checked.exitCode !== 0) {
    throw deployError(
      'RESTORE_FAILED',
      `the copy at ${copy.to} cannot be fetched: ${copyProblem(checked.stderr)}`,
      'check BACKUP_TO and what belongs to it in .env on the server',
    )
  }
  const fetched = freePath(context, copy.storedAs)
  await fetchFile(host, await placeCopyJob(place, { verb: 'fetch', ...job }), fetched, copy.sha256, copy.storedAs)
  return decryptedHere(context, copy, fetched)
}

async function decryptedHere({ options }: Context, { name, storedAs }: BackupCopy, fetched: string): Promise<Outcome> {
  const isEncrypted = await isAgeFile(fetched)
  if (!isEncrypted || options.ageIdentity === null) {
    const hint = `It is encrypted. To use it, name your key: --age-identity FILE, for example with --restore-backup ./${storedAs}`
    return { result: { path: fetched }, lines: [fetched], notes: isEncrypted && !options.isJson ? [hint] : [] }
  }
  const target = resolve(options.cwd, name)
  await decryptFile(fetched, target, options.ageIdentity)
  rmSync(fetched)
  return { result: { path: target }, lines: [target] }
}
