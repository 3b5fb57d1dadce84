import type { Argv } from '../host/argv.ts'
import { sh } from './sh.ts'

/** What a restore, an upload or a backup works in until it ends. */
const FOLDERS = 'releases/*.part .restore-* certs.before edge/certificate backups/.copy-* logs/db.restoring-*'
/** Files that were to be renamed: see `writeFile`. */
const FILES = `find . -maxdepth 3 \\( -path ./logs -o -path ./backups -o -path ./certs \\) -prune -o -type f -name '*.tmp.[0-9]*'`

/** Jobs of the sender of backups, which may run without the lock. */
const JOBS = `find backups -maxdepth 1 -name '.job-*' -mmin +1440`

/** Shell function that prints what runs left half-written in the folder, those that still run included. */
export const TORN_FILES = `torn_files() {
  (cd "$1" && { ls -d ${FOLDERS}; ${FILES} -print; ${JOBS} -print; }) 2>/dev/null
}`

/**
 * Removes what runs that were cut off left half-written. Only for the holder of the lock. Certificates that a restore took
 * away come back if it had no time to bring others.
 */
export function removeTorn(folder: string): Argv {
  return sh(
    `cd "$1" || exit 0
[ ! -d certs.before ] || ls certs/*.json certs/own-*.pem 2>/dev/null | grep -q . || { rm -rf certs && mv certs.before certs; }
rm -rf -- ${FOLDERS}
${FILES} -exec rm -f -- {} +
[ ! -d backups ] || ${JOBS} -exec rm -f -- {} +`,
    folder,
  )
}
