import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

/** Container and Compose project of the edge that has port 80 while a certificate is issued. */
export const CERTIFICATE_EDGE = 'ai-proxy-certificate'

/** In the folder of the gateway: what was stopped and is to be started again, one a line, as in `docker web`. */
const FREED_PORTS = 'freed-ports'

/** Argument: folder. It does nothing if nothing is written down. What cannot be started stays written down. */
const GIVE_BACK = `cd "$1" && [ -f ${FREED_PORTS} ] || exit 0
docker rm -f ${CERTIFICATE_EDGE} >/dev/null 2>&1
failed=
while read -r kind name; do
  case $kind in
    docker) docker start "$name" >/dev/null </dev/null || failed="$failed docker:$name" ;;
    systemd) systemctl start "$name" </dev/null || failed="$failed systemd:$name" ;;
  esac
done < ${FREED_PORTS}
[ -z "$failed" ] || { echo "could not start$failed" >&2; exit 1; }
rm -f ${FREED_PORTS}`

/** Arguments: folder, seconds. It gives back what nobody has given back by then. */
const GUARD = `left=$2
while [ "$left" -gt 0 ] && [ -f "$1/${FREED_PORTS}" ]; do sleep 1; left=$((left - 1)); done
${GIVE_BACK}`

/**
 * Stops those of these programs that run, for example `docker:web` and `systemd:nginx`. They are written down first, and a
 * process of the server starts them again after some seconds, if nobody has done so by then.
 */
export function freePorts(folder: string, programs: readonly string[], guardS: number): Argv {
  return sh(
    `set -e
umask 077
cd "$1"
guard=$2; script=$3
shift 3
: > ${FREED_PORTS}.part
for one; do
  kind=\${one%%:*}; name=\${one#*:}
  case $kind in
    docker) running=$(docker inspect -f '{{.State.Running}}' "$name"); [ "$running" = true ] || continue ;;
    systemd) systemctl is-active --quiet "$name" || continue ;;
  esac
  echo "$kind $name" >> ${FREED_PORTS}.part
done
sync ${FREED_PORTS}.part
mv -f ${FREED_PORTS}.part ${FREED_PORTS}
if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null 2>&1 &&
  systemd-run --quiet --collect --unit="ai-proxy-free-ports-$(date +%s)" --setenv=PATH="$PATH" sh -c "$script" sh "$PWD" "$guard"; then :
else
  setsid sh -c "$script" sh "$PWD" "$guard" >/dev/null 2>&1 </dev/null 8>&- &
fi
while read -r kind name; do
  case $kind in
    docker) docker stop "$name" >/dev/null </dev/null ;;
    systemd) systemctl stop "$name" </dev/null ;;
  esac
done < ${FREED_PORTS}`,
    folder,
    String(guardS),
    GUARD,
    ...programs,
  )
}

/** Starts again what was stopped. */
export function givePortsBack(folder: string): Argv {
  return sh(GIVE_BACK, folder)
}
