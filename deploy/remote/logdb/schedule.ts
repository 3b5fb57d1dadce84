import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

/** What calls the routine on a server. */
export type Scheduler = 'systemd' | 'cron'

/** Name of the service and the timer of systemd. */
export const ROUTINE_UNIT = 'ai-proxy-routine'

/** Ends the line in root's crontab that is ours. For cron it is a comment of the command. */
export const CRON_MARK = '# ai-deploy: logdb auto'

const UNIT_FOLDER = '/etc/systemd/system'

/** The state of our timer; nothing and a failure where systemd does not run. */
const TIMER_STATE = `[ -d /run/systemd/system ] && systemctl show -p ActiveState --value ${ROUTINE_UNIT}.timer 2>/dev/null`

/**
 * What would call the routine of the folder $P, and what does: prints `scheduler`, and `routine_script` and `routine_entry`
 * (once a text) in base64. A timer that is off is as good as none.
 */
export const ROUTINE_FACTS = `if timer=$(${TIMER_STATE}); then
  echo scheduler=systemd
  if [ "$timer" = active ]; then
    for f in service timer; do b64 "${UNIT_FOLDER}/${ROUTINE_UNIT}.$f" routine_entry; done
  fi
elif command -v crontab >/dev/null 2>&1; then
  echo scheduler=cron
  line=$(crontab -l 2>/dev/null | grep -F '${CRON_MARK}')
  [ -z "$line" ] || echo routine_entry="$(printf '%s' "$line" | base64 -w0)"
fi
b64 "$P/scripts/logdb-routine" routine_script`

/** Makes the server call the routine, with the texts of its entry. */
export function schedule(scheduler: Scheduler, entry: readonly string[], unitFolder = UNIT_FOLDER): Argv {
  if (scheduler === 'cron') {
    const script = `{ crontab -l 2>/dev/null | grep -vF '${CRON_MARK}'; printf '%s\\n' "$1"; } | crontab -`
    return sh(script, ...entry)
  }
  return sh(
    `set -e
umask 022
for f in service timer; do
  printf '%s' "$2" > "$1/.${ROUTINE_UNIT}.$f.part"
  mv -f "$1/.${ROUTINE_UNIT}.$f.part" "$1/${ROUTINE_UNIT}.$f"
  set -- "$1" "$3"
done
systemctl daemon-reload
systemctl enable --quiet ${ROUTINE_UNIT}.timer
systemctl restart ${ROUTINE_UNIT}.timer`,
    unitFolder,
    ...entry,
  )
}

/** Shell commands after which nothing calls the routine of the current folder any more; a run that has begun ends as usual. */
export const UNSCHEDULE = `if [ -e ${UNIT_FOLDER}/${ROUTINE_UNIT}.timer ] && ${TIMER_STATE} >/dev/null; then
  systemctl disable --quiet --now ${ROUTINE_UNIT}.timer >/dev/null 2>&1
  rm -f ${UNIT_FOLDER}/${ROUTINE_UNIT}.timer ${UNIT_FOLDER}/${ROUTINE_UNIT}.service
  systemctl daemon-reload
fi
if command -v crontab >/dev/null 2>&1 && crontab -l 2>/dev/null | grep -qF '${CRON_MARK}'; then
  crontab -l | grep -vF '${CRON_MARK}' | crontab -
fi
rm -f scripts/logdb-routine`

export function unschedule(folder: string): Argv {
  return sh(`cd "$1" || exit 1\n${UNSCHEDULE}`, folder)
}

/**
 * How the routine of the folder $P is: prints the lines of its last run with `routine_` in front, `routine_running` while one
 * runs, and `routine_next`, in seconds since 1970.
 */
export const ROUTINE_READINGS = `[ ! -f "$P/routine/last" ] || sed 's/^/routine_/' "$P/routine/last"
[ ! -f "$P/routine/lock" ] || flock -n "$P/routine/lock" true || echo routine_running=yes
next=$([ -d /run/systemd/system ] && TZ=UTC systemctl show -p NextElapseUSecRealtime --value ${ROUTINE_UNIT}.timer 2>/dev/null)
case $next in
  *[0-9]*) next=$(date -d "$next" +%s 2>/dev/null) ;;
  *)
    now=$(date +%s)
    case $(crontab -l 2>/dev/null | grep -F '${CRON_MARK}') in
      '17 * '*) next=$(date -d "$(date '+%Y-%m-%d %H'):17" +%s); [ "$next" -gt "$now" ] || next=$((next + 3600)) ;;
      '17 3 '*) next=$(date -d '03:17' +%s); [ "$next" -gt "$now" ] || next=$(date -d 'tomorrow 03:17' +%s) ;;
      *) next= ;;
    esac ;;
esac
[ -z "$next" ] || echo routine_next="$next"`
