import type { Argv } from '../host/argv.ts'
import { sh } from './sh.ts'

/**
 * A running server of the Python project: one Compose project in the server's folder, whose Traefik has the ports. The names
 * of its containers are fixed in its docker-compose.yml.
 */
const EDGE = 'ai-proxy-traefik'
/** Its gateway, and the two parts of its log viewer. */
const OTHERS = 'ai-proxy-app logs-ui-api logs-ui-web'
const RUNNING_OTHERS = `docker ps -q --filter 'name=^/?(${OTHERS.replaceAll(' ', '|')})$'`

/**
 * Part of the facts script: prints the state of its Traefik, how many connections clients have to it, and how many of its
 * other containers run. Nothing is asked of Docker where the folder has no docker-compose.yml.
 */
export const PREDECESSOR_FACTS = `
  if [ -f "$P/docker-compose.yml" ]; then
    old=$(docker inspect -f '{{.State.Status}} {{.State.Pid}} {{index .Config.Labels "com.docker.compose.project.working_dir"}}' ${EDGE} 2>/dev/null)
    old_state=\${old%% *} old=\${old#* }
    old_pid=\${old%% *} old_folder=\${old#* }
    if [ -n "$old_folder" ] && [ "$(readlink -m "$old_folder")" = "$(readlink -m "$P")" ]; then
      echo predecessor="$old_state $(cat "/proc/$old_pid/net/tcp" "/proc/$old_pid/net/tcp6" 2>/dev/null | grep -cE '^ *[0-9]+: [0-9A-F]+:(0050|01BB) [0-9A-F]+:[0-9A-F]+ 01 ') $(${RUNNING_OTHERS} 2>/dev/null | wc -l)"
    fi
  fi`

/**
 * Stops its Traefik and starts the edge, whose container must exist, in one go, so that the ports are free for as short as
 * possible. If the edge cannot listen, its Traefik is started again and this fails.
 */
export function portsToEdge(edge: string): Argv {
  return sh(
    `docker stop -t 1 ${EDGE} >/dev/null || exit 1
docker start "$1" >/dev/null && exit 0
docker start ${EDGE} >/dev/null
exit 1`,
    edge,
  )
}

/** The other way round. Its Traefik needs its gateway: see `startPredecessor`. */
export function portsToPredecessor(edge: string): Argv {
  return sh(`docker stop -t 1 "$1" >/dev/null; docker start ${EDGE} >/dev/null`, edge)
}

/** Its containers except for Traefik. They stay, stopped, and do not start after a reboot. */
export function stopPredecessor(): Argv {
  return sh(`for one in ${OTHERS}; do docker stop -t 5 "$one" >/dev/null 2>&1; done; exit 0`)
}

/** Ends with 4 if its gateway does not listen within this time. */
export function startPredecessor(timeoutS: number): Argv {
  return sh(
    `for one in ${OTHERS}; do docker start "$one" >/dev/null 2>&1; done
end=$(( $(date +%s) + $1 ))
until pid=$(docker inspect -f '{{.State.Pid}}' ai-proxy-app 2>/dev/null) && cat "/proc/$pid/net/tcp" "/proc/$pid/net/tcp6" 2>/dev/null | grep -q ':1FBB [0-9A-F]*:0000 0A '; do
  [ "$(date +%s)" -lt "$end" ] || exit 4
  sleep 0.2
done`,
    String(timeoutS),
  )
}

/**
 * Its programs may have run as root and left log databases that the gateway's user cannot open; and everybody may read its
 * .env and its backups.
 */
export function mendOwners(folder: string, uid: number, gid: number): Argv {
  return sh(
    `cd "$1" || exit 1
[ ! -d logs ] || chown -R "$2:$3" logs
for file in .env backups/*.tar.gz; do [ ! -f "$file" ] || chmod 600 "$file"; done
[ ! -d backups ] || chmod 700 backups`,
    folder,
    String(uid),
    String(gid),
  )
}
