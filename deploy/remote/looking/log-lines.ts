import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

export interface LogRange {
  /** Seconds since 1970; undefined for the last lines only. */
  sinceS: number | undefined
  /** How many lines, without `sinceS`. */
  lines: number
  /** Continues until its stdin ends. */
  isFollowed: boolean
}

/** Runs a command until it ends, or until stdin does: sshd ends no command that prints nothing. */
export const UNTIL_CLOSED = `until_closed() {
  exec 3<&0
  setsid "$@" 2>&1 3<&- &
  child=$!
  { cat <&3 >/dev/null; kill -- "-$child" 2>/dev/null; } &
  wait "$child"
  exec 3<&-
}`

/** What a container has printed, stdout and stderr. */
export function containerLines(container: string, { sinceS, lines, isFollowed }: LogRange): Argv {
  const range = sinceS === undefined ? ['--tail', String(lines)] : ['--since', String(sinceS)]
  const command = ['docker', 'logs', ...range, ...(isFollowed ? ['-f'] : []), container]
  const script = isFollowed ? `${UNTIL_CLOSED}\nuntil_closed "$@"` : 'exec "$@" 2>&1'
  return sh(script, ...command)
}

/** Records of these files in the order of their times: those since $2 (ISO) if it is not empty, else the last $3. */
const RECORDS = `records() {
  [ $# -gt 0 ] || return 0
  cat "$@" | awk -v since="$since" '{
    at = match($0, /"timestamp":"[^"]*"/) ? substr($0, RSTART + 13, RLENGTH - 14) : ""
    if (since == "" || at >= since) print at "\\t" $0
  }' | sort -s -t "$(printf '\\t')" -k 1,1 | if [ -n "$since" ]; then cat; else tail -n "$lines"; fi | cut -f 2-
}
logs() { find "$P/logs" -maxdepth 1 -name 'requests-*.jsonl' "$@" 2>/dev/null | sort; }`

/** A file that appears while the others are followed is shown from its start. */
const FOLLOW = `records $(logs)
skip=0
seen=' '
while :; do
  for file in $(logs); do
    case $seen in *" $file "*) continue ;; esac
    seen="$seen$file "
    if [ "$skip" = 0 ]; then tail -q -n 0 -F "$file" 2>/dev/null & else tail -q -n +1 -F "$file" 2>/dev/null & fi
  done
  skip=1
  sleep 1
done`

const SETTINGS = 'P=$1 since=$2 lines=$3'

/** Records of the gateway's log of requests, one a line. */
export function requestLines(folder: string, { sinceS, lines, isFollowed }: LogRange): Argv {
  // To the second, so that it comes before every fraction of it.
  const since = sinceS === undefined ? '' : new Date(sinceS * 1000).toISOString().slice(0, 19)
  const once = `${SETTINGS}\n${RECORDS}\nrecords $(logs)`
  if (!isFollowed) return sh(once, folder, since, String(lines))
  const followed = `${SETTINGS}\n${RECORDS}\n${FOLLOW}`
  const script = `${UNTIL_CLOSED}\nuntil_closed sh -c "$4" sh "$1" "$2" "$3"`
  return sh(script, folder, since, String(lines), followed)
}

const STDIN_FLAGS = { none: [], piped: ['-i'], terminal: ['-it'] } as const

/** Runs a command inside a container. */
export function execIn(container: string, argv: readonly string[], stdin: keyof typeof STDIN_FLAGS): Argv {
  return ['docker', 'exec', ...STDIN_FLAGS[stdin], container, ...argv]
}
