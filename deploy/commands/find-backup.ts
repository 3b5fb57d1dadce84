import { statSync } from 'node:fs'
import { deployError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { LocalHost } from '../host/local-host.ts'
import type { OpenServer } from '../session/open-server.ts'

/**
 * Where a backup is: on the server by its bare name, on this machine by a path with a `/`.
 * @throws UserError RESTORE_FAILED if there is none
 */
export function findBackup({ connection, layout, facts }: OpenServer, file: string): { host: Host; path: string } {
  if (file.includes('/')) {
    if (statSync(file, { throwIfNoEntry: false })?.isFile())
      return { host: new LocalHost({ kind: 'root' }), path: file }
    throw deployError('RESTORE_FAILED', `${file} does not exist on this machine`, 'check the path')
  }
  if (facts.backups.some(({ name }) => name === file)) {
    return { host: connection.host, path: `${layout.backups}/${file}` }
  }
  throw deployError(
    'RESTORE_FAILED',
    `there is no ${file} in ${layout.backups} on the server`,
    'see --list-backups; write ./NAME for a file on this machine',
  )
}
