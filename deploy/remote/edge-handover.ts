import type { Argv } from '../host/argv.ts'
import { sh } from './sh.ts'

/**
 * The kernel leads new connections to a second edge while the first is replaced. Connections that exist stay where they are:
 * the kernel keeps their translation until they end. The rules are in Docker's own chain where that is possible, which Docker
 * empties when it starts: then its published ports are in force again.
 */

/** Name of the first edge and of its network; names of second ones begin with it. */
const EDGE = 'ai-proxy-edge'

const SECOND_EDGES = `docker ps -a --filter 'name=^/?${EDGE}-[0-9]' --format '{{.Names}}'`

/** Longest time that new connections go to a second edge whose run was cut off, if the first one runs; else until it does. */
const REDIRECT_LIMIT_S = 900

const ADDRESS = `address() { docker inspect -f "{{with index .NetworkSettings.Networks \\"${EDGE}\\"}}{{.IPAddress}}{{end}}" "$1"; }`

/** Shell function: removes the rules of second edges; "$1" limits it to those of one. */
const REMOVE_RULES = `remove_rules() {
  for table in nat filter; do
    rules=$(iptables -w 5 -t $table -S 2>/dev/null | grep -e "--comment .\\{0,1\\}${EDGE}-$1" | sed 's/^-A/-D/')
    [ -z "$rules" ] || printf '*%s\\n%s\\nCOMMIT\\n' $table "$rules" | iptables-restore -w 5 --noflush || return 1
  done
}`

/** A shell of its own, which holds no pipe of the connection: for the case that no run comes back. */
const LIMIT = `${REMOVE_RULES}
sleep ${REDIRECT_LIMIT_S}
until [ "$(docker inspect -f '{{.State.Running}}' "${EDGE}" 2>/dev/null)" = true ]; do sleep 30; done
remove_rules "\${1#${EDGE}-}"`

/** Prints the address of a container in the network of the edge. */
export function addressOf(container: string): Argv {
  return sh(`${ADDRESS}\naddress "$1"`, container)
}

/**
 * Leads new connections to the second edge, all at once: those from outside, and those that Docker's own proxy passes on to
 * the first edge (IPv6, and the server itself).
 * @param ports port of the server and of the container, as `443:443`
 */
export function redirect(second: string, ports: readonly string[]): Argv {
  return sh(
    `set -e
${ADDRESS}
name=$1 limit=$2 second=$(address "$1") first=$(address "${EDGE}")
bridge=br-$(docker network inspect -f '{{slice .Id 0 12}}' "${EDGE}")
[ -n "$second" ] && [ -n "$first" ] && grep -q "$bridge:" /proc/net/dev || { echo 'the edge has no address' >&2; exit 1; }
shift 2
own="-m comment --comment $name"
{
  echo '*filter'
  for port in 80 443; do
    echo "-I DOCKER 1 -d $second/32 ! -i $bridge -o $bridge -p tcp -m tcp --dport $port $own -j ACCEPT"
  done
  echo COMMIT
  echo '*nat'
  for pair; do
    echo "-I DOCKER 1 ! -i $bridge -p tcp -m tcp --dport \${pair%:*} $own -j DNAT --to-destination $second:\${pair#*:}"
  done
  for port in 80 443; do
    echo "-I OUTPUT 1 -d $first/32 -p tcp -m tcp --dport $port $own -j DNAT --to-destination $second:$port"
  done
  echo COMMIT
} | iptables-restore -w 5 --noflush
setsid sh -c "$limit" sh "$name" >/dev/null 2>&1 </dev/null 8>&- &`,
    second,
    LIMIT,
    ...ports,
  )
}

/** What Docker's own proxy passes on goes to the first edge again, whose address a new container may have. */
export function redirectFromOutsideOnly(): Argv {
  return sh(
    `iptables -w 5 -t nat -S OUTPUT | grep -e "--comment .\\{0,1\\}${EDGE}-" | sed 's/^-A/-D/' | {
  rules=$(cat)
  [ -z "$rules" ] || printf '*nat\\n%s\\nCOMMIT\\n' "$rules" | iptables-restore -w 5 --noflush
}`,
  )
}

/** New connections go to the published ports again. */
export function endRedirect(): Argv {
  return sh(`${REMOVE_RULES}\n! command -v iptables >/dev/null 2>&1 || remove_rules ''`)
}

/** Shell function: containers "$2" and following have no connection left on ports 80 and 443 within "$1" seconds. */
const WAIT_QUIET = `wait_quiet() {
  end=$(( $(date +%s) + $1 )); shift
  for name; do
    pid=$(docker inspect -f '{{.State.Pid}}' "$name")
    while cat "/proc/$pid/net/tcp" "/proc/$pid/net/tcp6" 2>/dev/null | grep -qE '^ *[0-9]+: [0-9A-F]+:(0050|01BB) [0-9A-F]+:[0-9A-F]+ 0[18] '; do
      [ "$(date +%s)" -lt "$end" ] || exit 4
      sleep 0.2
    done
  done
}`

/** Waits until a container has no connection left. Ends with 4 when the time is over. */
export function waitQuiet(container: string, timeoutS: number): Argv {
  return sh(`${WAIT_QUIET}\nwait_quiet "$2" "$1"`, container, String(timeoutS))
}

/** Waits until no second edge has a connection left. Ends with 4 when the time is over. */
export function waitSecondsQuiet(timeoutS: number): Argv {
  return sh(`${WAIT_QUIET}\n# shellcheck disable=SC2046\nwait_quiet "$1" $(${SECOND_EDGES})`, String(timeoutS))
}

/**
 * Lets the process of a container finish its answers and end. Docker then starts it again by its restart policy, which
 * `docker stop` would prevent: a server that restarts at any moment has its edge. Ends with 4 when the time is over.
 */
export function finishAnswers(container: string, timeoutS: number): Argv {
  return sh(
    `pid=$(docker inspect -f '{{.State.Pid}}' "$1")
[ "$pid" != 0 ] || exit 0
kill -TERM "$pid" || exit 0
end=$(( $(date +%s) + $2 ))
while [ -d "/proc/$pid" ]; do
  [ "$(date +%s)" -lt "$end" ] || exit 4
  sleep 0.2
done`,
    container,
    String(timeoutS),
  )
}

/** Lets each second edge finish its answers, after this connection has ended too, and removes it then. */
export function retireSecondEdges(graceS: number): Argv {
  return sh(
    `${SECOND_EDGES} | while read -r name; do
  setsid sh -c 'docker stop -t "$1" "$2"; docker rm "$2"' sh "$1" "$name" >/dev/null 2>&1 </dev/null 8>&- &
done`,
    String(graceS),
  )
}

/** Prints the label of the first edge, and `complete` or `begun` for a handover that was begun. */
export function edgeState(folder: string): Argv {
  return sh(
    `label=$(docker inspect -f '{{index .Config.Labels "ai-deploy.edge"}}' "${EDGE}" 2>/dev/null)
[ -d "$1/second" ] && state=begun || state=complete
echo "$label $state"`,
    folder,
  )
}
