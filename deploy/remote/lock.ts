import type { Argv } from '../host/argv.ts'
import { sh } from './sh.ts'

/** Shell function: one SHA-256 over its files, which the facts and the lock must compute in the same way. */
export const WATCHED_DIGEST = `watched_digest() {
  for f; do sha256sum < "$f" 2>/dev/null || echo absent; done | sha256sum | cut -d' ' -f1
}`

/**
 * Holds the lock for as long as stdin stays open, which the kernel ends with the connection. Prints `busy` and who holds
 * it, or `held` and a SHA-256 that shows whether the server is still as it was when the plan was made.
 */
export function holdLock(folder: string, holder: string, watched: string[]): Argv {
  return sh(
    `${WATCHED_DIGEST}
mkdir -p "$1" && cd "$1" && exec 9>>lock || exit 1
if ! flock -n 9; then echo "busy $(cat lock)"; exit 0; fi
printf '%s' "$2" > lock
shift 2
echo "held $(watched_digest "$@")"
cat > /dev/null`,
    folder,
    holder,
    ...watched,
  )
}
