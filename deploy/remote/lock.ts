import type { Argv } from '../host/argv.ts'
import { sh } from './sh.ts'

/** Shell function: one SHA-256 over its files, which the facts and the lock must compute in the same way. */
export const WATCHED_DIGEST = `watched_digest() {
  digest=$(for f; do sha256sum 2>/dev/null < "$f" || echo absent; done | sha256sum)
  echo "\${digest%% *}"
}`

/**
 * Shell functions about the files lock and running, in the current folder. The first line of lock is the token of its
 * holder and who that is; it is written in place, so that a full disk does not matter. Every command of a holder has the
 * file running open as number 8 and a shared flock on it, so the exclusive flock proves that none runs any more.
 */
const LOCK_FUNCTIONS = `note() { printf '%s\\n' "$1" 1<>lock; }
end_running() {
  [ -r running ] || return 0
  exec 7<running
  tries=0
  until flock -n 7; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || return 1
    signal=
    case $tries in 1) signal=TERM ;; 1[5-9] | [2-9]?) signal=KILL ;; esac
    for fd in /proc/[0-9]*/fd/8; do
      [ -n "$signal" ] && [ "$fd" -ef running ] || continue
      pid=\${fd#/proc/}
      kill -s "$signal" "\${pid%%/*}" 2>/dev/null
    done
    sleep 0.2
  done
  exec 7<&-
}`

/** One byte that shows that the holder still lives, and the one that ends its hold. */
export const BEAT = '.'
export const GOODBYE = 'q'

export interface LockRequest {
  folder: string
  /** Who holds it, for others. One line. */
  holder: string
  /** Carried by every command of the holder. One word. */
  token: string
  /** How long the holder may be silent. */
  silenceS: number
  /** Added to the audit if the holder is lost. One line. */
  lostLine: string
  /** Files that must be as they were when the plan was made. */
  watched: string[]
}

/**
 * Holds the lock for as long as a BEAT comes on stdin every now and then. Prints `busy` and the first line of the lock, or
 * `held` and a SHA-256 that shows whether the server is still as it was when the plan was made. When the holder says
 * GOODBYE, when the connection ends, or after `silenceS` seconds of silence the token is void, what the holder still runs is
 * ended, and then the kernel frees the lock.
 */
export function holdLock({ folder, holder, token, silenceS, lostLine, watched }: LockRequest): Argv {
  return sh(
    `${WATCHED_DIGEST}
${LOCK_FUNCTIONS}
trap '' INT HUP
mkdir -p "$1" && cd "$1" && exec 9>>lock || exit 1
if ! flock -w 0.5 9; then echo "busy $(head -n 1 lock)"; exit 0; fi
holder=$2 token=$3 silence=$4 lost=$5
shift 5
note "$token $holder" || { rm -f .reserve; note "$token $holder"; } || exit 1
touch running 2>/dev/null
end_running || exit 1
echo "held $(watched_digest "$@")"
beat=${BEAT}
while [ "$beat" = ${BEAT} ]; do beat=$(timeout "$silence" head -c 1 2>/dev/null 9>&-); done
note "- $holder"
end_running
[ "$beat" = ${GOODBYE} ] || { umask 077; printf '%s\\n' "$lost" >> audit.jsonl; }`,
    folder,
    holder,
    token,
    String(silenceS),
    lostLine,
    ...watched,
  )
}

/** What a command prints whose holder has lost the lock, and its exit code. */
export const LOCK_LOST = { exitCode: 75, stderr: 'ai-deploy: the lock was lost' } as const

/**
 * Runs a command only while the lock has this token; the holder's end ends it. What must outlive it closes number 8. A
 * folder that is gone has no other holder.
 */
export function underLock(folder: string, token: string, argv: Argv): Argv {
  return sh(
    `if [ -r "$1/running" ]; then
  exec 8<"$1/running"
  flock -s 8
  now=
  read -r now _ < "$1/lock"
  if [ "$now" != "$2" ]; then echo "${LOCK_LOST.stderr}" >&2; exit ${LOCK_LOST.exitCode}; fi
fi
shift 2
exec "$@"`,
    folder,
    token,
    ...argv,
  )
}

/** A command of a holder that must not be ended with it, since half of its work is worse than all or nothing. */
export function outliving(argv: Argv): Argv {
  return sh('exec "$@" 8>&-', ...argv)
}

/**
 * Prints `free`; before that, if somebody holds the lock, `busy` and its first line, and then waits for it at most this
 * long. It does not take the lock.
 */
export function awaitLock(folder: string, waitS: number): Argv {
  return sh(
    `[ -e "$1/lock" ] || { echo free; exit 0; }
exec 6<"$1/lock"
if ! flock -s -n 6; then
  echo "busy $(head -n 1 "$1/lock")"
  flock -s -w "$2" 6 || exit 0
fi
echo free`,
    folder,
    String(waitS),
  )
}

/**
 * Takes the lock away from the holder with this token, and ends what it runs. Adds its stdin, one line, to the audit. Prints
 * `freed`, `free` if nobody holds it, `changed` if somebody else does, or `stuck`.
 */
export function breakLock(folder: string, token: string): Argv {
  return sh(
    `${LOCK_FUNCTIONS}
umask 077
[ -e "$1/lock" ] && cd "$1" || { echo free; exit 0; }
exec 9>>lock
if flock -n 9; then echo free; exit 0; fi
read -r now holder < lock
[ "$now" = "$2" ] || { echo changed; exit 0; }
note "- $holder"
end_running || { echo stuck; exit 0; }
for fd in /proc/[0-9]*/fd/9; do
  pid=\${fd#/proc/}
  pid=\${pid%%/*}
  if [ "$fd" -ef lock ] && [ "$pid" != $$ ]; then kill -s KILL "$pid"; fi
done
flock -w 5 9 || { echo stuck; exit 0; }
cat >> audit.jsonl
echo freed`,
    folder,
    token,
  )
}
