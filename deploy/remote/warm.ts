import type { Argv } from '../host/argv.ts'
import { killIfHung } from './docker.ts'
import { sh } from './sh.ts'

/**
 * The previous release keeps running for a while, warm. In the folder warm/ of the server `release` says which container and
 * until when, and `stop.sh` is what its timer runs. Whoever removes `release` under the lock decides what becomes of the
 * container: the timer, which stops it, or a rollback, which uses it.
 */

/** Arguments: folder, container, end. It does nothing for a container that was taken back or that the route names. */
const STOP_SCRIPT = `#!/bin/sh
# Stops the previous release when its time is over. ai-deploy writes this file.
cd "$1" || exit
exec 9>>warm/lock && flock 9 || exit
[ "$(cat warm/release 2>/dev/null)" = "$2 $3" ] || exit 0
rm -f warm/release
! grep -qF "http://$2:" edge/dynamic/app.yml 2>/dev/null || exit 0
exec 9>&-
[ "$(docker inspect -f '{{.State.Status}}' "$2" 2>/dev/null)" != paused ] || docker unpause "$2" >/dev/null
# One that hangs would ignore the signal until its time is over.
${killIfHung('$2')}
docker stop "$2" >/dev/null
wait
`

/**
 * Lets a container run for some more seconds. A timer of the server then sends it SIGTERM, with the grace that it was
 * started with. It replaces the timer of another container, which the caller must stop. A reboot ends the container.
 */
export function keepWarm(folder: string, container: string, seconds: number): Argv {
  return sh(
    `set -e
cd "$1"
docker update --restart=no "$2" >/dev/null
mkdir -p warm
exec 9>>warm/lock
flock 9
until=$(( $(date +%s) + $3 ))
printf '%s' "$4" > warm/stop.sh
echo "$2 $until" > warm/release.part
mv -f warm/release.part warm/release
exec 9>&-
if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null 2>&1; then
  systemctl stop 'ai-proxy-*-warm-*.timer' >/dev/null 2>&1 || true
  systemd-run --quiet --collect --unit="$2-warm-$until" --on-active="$3" --timer-property=AccuracySec=1s \\
    --setenv=PATH="$PATH" sh "$PWD/warm/stop.sh" "$PWD" "$2" "$until" && exit 0
fi
setsid sh -c 'sleep "$1"; exec sh warm/stop.sh "$2" "$3" "$4"' sh "$3" "$PWD" "$2" "$until" >/dev/null 2>&1 </dev/null 8>&- &`,
    folder,
    container,
    String(seconds),
    STOP_SCRIPT,
  )
}

/** Exit codes of `takeWarm`. */
export const NOT_RUNNING = 3
export const NOT_WARM = 4
export const NOT_READY = 5

/**
 * Takes a warm container back from its timer, and asks it whether it is ready. It keeps running, across reboots too. Ends
 * with NOT_RUNNING, NOT_WARM if its timer was first, or NOT_READY.
 */
export function takeWarm(folder: string, container: string, port: number): Argv {
  return sh(
    `cd "$1" && exec 9>>warm/lock && flock 9 || exit 1
case "$(cat warm/release 2>/dev/null)" in "$2 "*) ;; *) exit ${NOT_WARM} ;; esac
docker update --restart=unless-stopped "$2" >/dev/null 2>&1 &
ask="setTimeout(()=>process.exit(1),3000);fetch('http://127.0.0.1:$3/ready').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"
docker exec "$2" node -e "$ask" >/dev/null 2>&1
ready=$?
wait
rm -f warm/release
[ "$ready" != 0 ] || exit 0
[ "$(docker inspect -f '{{.State.Status}}' "$2" 2>/dev/null)" = running ] || exit ${NOT_RUNNING}
exit ${NOT_READY}`,
    folder,
    container,
    String(port),
  )
}

/** Forgets that a container is warm; nothing is stopped. */
export function forgetWarm(folder: string, container: string): Argv {
  return sh(
    `cd "$1/warm" 2>/dev/null || exit 0
exec 9>>lock && flock 9 || exit 0
case "$(cat release 2>/dev/null)" in "$2 "*) rm -f release ;; esac`,
    folder,
    container,
  )
}
