import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

/** Argument: the folder. Opens a copy for writing, so that SQLite takes its -wal into account. */
const JUDGE = `
const { readdirSync } = require('node:fs')
const { join } = require('node:path')
const Database = require('better-sqlite3')
const [, folder] = process.argv
const kept = []
const problemOf = (path) => {
  try {
    const database = new Database(path)
    kept.push(database)
    const statement = database.prepare('PRAGMA integrity_check(1)').pluck()
    kept.push(statement)
    const found = statement.get()
    database.close()
    return found === 'ok' ? null : String(found).split('\\n').at(-1)
  } catch (error) {
    return error.code || error.message
  }
}
for (const path of readdirSync(folder, { recursive: true }).sort()) {
  if (path.endsWith('.sqlite3')) {
    console.log('judged=' + JSON.stringify({ path: 'logs/db/' + path, problem: problemOf(join(folder, path)) }))
  }
}`

export interface JudgeInput {
  /** Of the gateway. */
  folder: string
  /** An archive on the server; null to read it from stdin. */
  archive: string | null
  /** An image with better-sqlite3. */
  image: string
}

/**
 * Unpacks the log databases of a backup into a folder of their own, lets SQLite check each, and removes them. Prints
 * `judged={"path","problem"}` for each, or `unjudged=REASON`.
 */
export function judgeDatabases({ folder, archive, image }: JudgeInput): Argv {
  return sh(
    `set -e
umask 077
find "$1/backups" -maxdepth 1 -name '.verify-*' -mmin +600 -exec rm -rf {} + 2>/dev/null || :
docker image inspect "$3" >/dev/null 2>&1 || { echo "unjudged=the image $3 is not on the server"; exit 0; }
copies=$(mktemp -d "$1/backups/.verify-XXXXXX")
trap 'rm -rf "$copies"' EXIT
trap 'exit 1' HUP INT TERM
tar -xzf "$2" --no-same-owner -C "$copies" -- logs/db || { echo "unjudged=they could not be unpacked"; exit 0; }
chown -R 65534:65534 "$copies"
docker run --rm --init --network none --read-only --cap-drop ALL --security-opt no-new-privileges --user 65534:65534 \\
  -v "$copies/logs/db:/logs/db" "$3" node -e "$4" /logs/db`,
    folder,
    archive ?? '-',
    image,
    JUDGE,
  )
}
