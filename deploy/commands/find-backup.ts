import { statSync } from 'node:fs'
import { deployError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { LocalHost } from '../host/local-host.ts'
import { withPlainFile } from '../local/age-file.ts'
import type { Context } from '../session/context.ts'
import type { OpenServer } from '../session/open-server.ts'
import { commandLine } from '../session/shown/command-line.ts'

/** Where a backup is. */
export interface FoundBackup {
  host: Host
  path: string
}

/**
 * Lets `action` work on a backup: on the server by its bare name, on this machine by a path with a `/`. An encrypted file of
 * this machine is decrypted for as long as that takes.
 * @throws UserError RESTORE_FAILED if there is none
 */
export async function withBackup<T>(
  context: Context,
  { connection, layout, facts }: OpenServer,
  file: string,
  action: (found: FoundBackup) => Promise<T>,
): Promise<T> {
  if (file.includes('/')) {
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
      throw deployError('RESTORE_FAILED', `${file} does not exist on this machine`, 'check the path')
    }
    const host = new LocalHost({ kind: 'root' })
    return withPlainFile(file, context.options.ageIdentity, (path) => action({ host, path }))
  }
  if (facts.backups.some(({ name }) => name === file)) {
    return action({ host: connection.host, path: `${layout.backups}/${file}` })
  }
  const isElsewhere = facts.copies.some(({ name }) => name === file)
  throw deployError(
    'RESTORE_FAILED',
    `there is no ${file} in ${layout.backups} on the server`,
    isElsewhere
      ? `fetch its copy first: ${commandLine(context, 'backup', 'pull', file)}`
      : 'see --list-backups; write ./NAME for a file on this machine',
  )
}
