import type { Argv } from '../host/argv.ts'
import { CERTIFICATE_STORES } from './certificates/acme-stores.ts'
import { MOUNTED, TEMPORARY_NAME } from './docker.ts'
import { DOCKER_VERSIONS } from './docker-installation.ts'
import { WATCHED_DIGEST } from './lock.ts'
import { UI_FACTS } from './logdb/release-ui.ts'
import { ROUTINE_FACTS } from './logdb/schedule.ts'
import { PREDECESSOR_FACTS } from './predecessor.ts'
import { sh } from './sh.ts'
import { TORN_FILES } from './torn.ts'

/** Who we are on the server, before anything can be done as root. Prints `name=value` lines. */
export const IDENTITY: Argv = sh(`
uid=$(id -u)
echo uid="$uid"
echo user="$(id -un)"
echo home="$HOME"
echo connection="\${SSH_CONNECTION:-}"
if [ "$uid" = 0 ]; then echo sudo=root
elif ! command -v sudo >/dev/null 2>&1; then echo sudo=absent
elif [ "$(sudo -n id -u 2>/dev/null)" = 0 ]; then echo sudo=free
else
  case $(LC_ALL=C sudo -n true 2>&1) in *'must have a tty'*) echo sudo=tty ;; *) echo sudo=password ;; esac
fi`)

/** A gateway that takes longer than this to answer is to be replaced. */
const PATIENCE_MS = 9000

/**
 * Everything that a plan needs to know, in one go. Prints `name=value` lines; contents of files are base64, lists repeat
 * the name.
 * @param patienceMs how long a gateway may take to answer before it is called silent
 */
export function facts(folder: string, patienceMs = PATIENCE_MS): Argv {
  return sh(FACTS, folder, String(patienceMs))
}

/** Id of the network that connects a container with the edge: "unset" before its first start, "none" if it is not on it. */
const NETWORK_ID =
  '{{with index .NetworkSettings.Networks "ai-proxy-edge"}}{{if .NetworkID}}{{.NetworkID}}{{else}}unset{{end}}{{else}}none{{end}}'

/** Ends with 7 if the gateway does not answer in time; any answer will do. */
const ASK = `const ask=()=>fetch('http://127.0.0.1:8123/health').then(()=>process.exit(0),()=>setTimeout(ask,300));ask();setTimeout(()=>process.exit(7),process.argv[1])`

/**
 * Whether Docker leads connections to the edge with rules of iptables, which a handover can precede, and what is left of one
 * that was cut off.
 */
const EDGE_HANDOVER = `
  docker inspect -f 'edge_label={{index .Config.Labels "ai-deploy.edge"}}' ai-proxy-edge 2>/dev/null
  edge_ip=$(docker inspect -f '{{with index .NetworkSettings.Networks "ai-proxy-edge"}}{{.IPAddress}}{{end}}' ai-proxy-edge 2>/dev/null)
  rules=$(iptables -w 5 -t nat -S 2>/dev/null)
  case "$rules" in *"-A DOCKER "*"--to-destination \${edge_ip:-none}:443"*) echo edge_redirect=possible ;; esac
  case "$rules" in *"--comment ai-proxy-edge-"* | *'--comment "ai-proxy-edge-'*) echo edge_handed_over=rules ;; esac
  [ -z "$(docker ps -aq --filter 'name=^/?ai-proxy-edge-[0-9]' --filter status=exited 2>/dev/null)" ] || echo edge_handed_over=container
  [ ! -d "$P/edge/second" ] || echo edge_handed_over=files
  [ ! -f "$P/edge/dynamic/draining.yml" ] || echo edge_handed_over=draining`

const FACTS = `
${WATCHED_DIGEST}
${TORN_FILES}
cd / || exit 1
P=$1
${MOUNTED}
b64() { if [ -f "$1" ]; then printf '%s=' "$2"; base64 -w0 < "$1"; echo; fi; }
. /etc/os-release 2>/dev/null
echo os="$ID" ; echo os_like="$ID_LIKE"
echo arch="$(uname -m)"
echo clock="$(date +%s)"
if command -v docker >/dev/null 2>&1; then
  # Each start of docker takes a while, so what depends on nothing runs at the same time. Each line is printed at once.
  {
    ${DOCKER_VERSIONS}
    docker images ai-proxy --format 'image={{.Tag}}' 2>/dev/null
  } &
  versions=$!
  {
    ${EDGE_HANDOVER}
    ${PREDECESSOR_FACTS}
  } &
  handover=$!
  # Meanwhile the gateway that the route names, else every one that runs, is asked whether it answers at all.
  asked=
  running=$(docker ps --filter label=ai-deploy.release --filter status=running --format '{{.Names}}' 2>/dev/null | tr '\\n' ' ')
  routed=$(sed -n 's#.*http://\\(ai-proxy-[0-9-]*\\):.*#\\1#p' "$P/edge/dynamic/app.yml" 2>/dev/null | head -n 1)
  case " $running" in *" \${routed:-none} "*) running=$routed ;; esac
  for name in $running; do
    timeout "$(( $2 / 1000 + 1 ))" docker exec "$name" node -e "${ASK}" "$2" >/dev/null 2>&1 &
    asked="$asked $name:$!"
  done
  echo network="$(docker network inspect -f '{{.Id}}' ai-proxy-edge 2>/dev/null)"
  [ ! -f "$P/warm/release" ] || { read -r warm; echo warm="$warm"; } < "$P/warm/release"
  # Before the containers: one whose stop ends in between is seen as stopped, not as left behind.
  cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -aoE '(docker stop (-t [0-9]+ )?|warm/stop.sh [^ ]+ )ai-proxy-(edge-)?[0-9]+-[0-9-]+' | sed 's/.* \\(.*\\)/stopping=\\1/'
  containers=$(docker ps -aq --filter label=ai-deploy.release 2>/dev/null)
  # shellcheck disable=SC2086
  [ -z "$containers" ] || docker inspect -f 'container={{slice .Name 1}} {{.State.Status}} {{index .Config.Labels "ai-deploy.release"}} {{.HostConfig.RestartPolicy.Name}} ${NETWORK_ID} {{.RestartCount}} {{.State.StartedAt}}' $containers 2>/dev/null
  # Compose recreates it under a temporary name, which stays where it was cut off.
  E=ai-proxy-edge
  look_at() { docker inspect -f '{{.State.Status}} ${NETWORK_ID} {{if .State.Health}}{{.State.Health.Status}}{{end}}' "$1" 2>/dev/null; }
  if ! edge=$(look_at "$E"); then
    E=$(docker ps -a --filter 'name=${TEMPORARY_NAME}ai-proxy-edge$' --format '{{.Names}}' 2>/dev/null | head -n 1)
    [ -z "$E" ] || { echo unnamed="$E"; edge=$(look_at "$E"); }
  fi
  # After a pause Docker calls a container unhealthy until its next check, so Traefik is asked now.
  case $edge in *' unhealthy') ! timeout 10 docker exec ai-proxy-edge traefik healthcheck --configFile=/etc/traefik/traefik.yml >/dev/null 2>&1 || edge=\${edge% *} ;; esac
  [ -z "$edge" ] || echo edge="$edge"
  mounted ai-proxy-edge "$P/edge/dynamic" /etc/traefik/dynamic || echo unmounted=ai-proxy-edge
  [ -z "$routed" ] || mounted "$routed" "$P/logs" /app/logs || echo unmounted="$routed"
  certs=$(docker inspect -f '{{range .Mounts}}{{if eq .Destination "/certs"}}{{.Source}}{{end}}{{end}}' "$E" 2>/dev/null)
  [ -z "$certs" ] || echo edge_folder="$(readlink -m "\${certs%/*}/")"
  wait "$versions" "$handover"
  root=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null)
fi
[ -d "\${root:-}" ] || root=/var/lib
echo docker_disk="$(df -Pk "$root" | tail -n 1)"
d=$P; while [ ! -d "$d/" ]; do d=\${d%/*}; done
echo folder_disk="$(df -Pk "$d/" | tail -n 1)"
ss -Hltnp 2>/dev/null | sed -n 's/^LISTEN *[0-9]* *[0-9]* *\\([^ ]*\\):\\([0-9]*\\) .*users:(("\\([^"]*\\)".*/listener=\\2 \\3/p'
ip -o addr show scope global 2>/dev/null | sed -n 's/.* inet6\\{0,1\\} \\([^/ ]*\\).*/interface=\\1/p'
echo folder="$(readlink -m "$P")"
echo watched="$(watched_digest "$P/.env" "$P/edge/dynamic/app.yml" "$P/hold")"
b64 "$P/.env" env
b64 "$P/state.json" state
b64 "$P/hold" hold
b64 "$P/edge/dynamic/app.yml" route
for f in compose.yml traefik.yml acme-ca.pem; do b64 "$P/edge/$f" "edge_$f"; done
b64 "$P/scripts/logdb" scripts_logdb
${ROUTINE_FACTS}
${UI_FACTS}
for f in "$P"/releases/*/manifest.json; do
  id=\${f%/*}; b64 "$f" "manifest_\${id##*/}"
done
for f in "$P"/releases/*/ready.json; do
  id=\${f%/*}; b64 "$f" "ready_\${id##*/}"
done
echo current="$(readlink "$P/current")"
for f in releases edge/dynamic certs logs backups scripts; do [ -d "$P/$f" ] || echo missing="$f"; done
# What a run writes at this moment is not torn.
if [ ! -e "$P/lock" ] || flock -s -n "$P/lock" true; then
  [ -z "$(torn_files "$P" | head -n 1)" ] || echo torn=present
fi
[ -z "$(ls "$P"/edge/dynamic/app.yml.before-* 2>/dev/null | head -n 1)" ] || echo unwatched=present
[ ! -f "$P/.reserve" ] || echo reserve="$(stat -c %s "$P/.reserve")"
${CERTIFICATE_STORES}
b64 "$P/acme-attempts.json" attempts
b64 "$P/freed-ports" freed
b64 "$P/edge/dynamic/own-certificates.yml" owncerts
for f in "$P"/backups/*.tar.gz; do
  [ -f "$f" ] || continue
  name=\${f##*/}
  echo backup="$(stat -c '%s %Y' "$f") $name"
  # Its manifest comes first, and the list of files last in it: a look at the beginning is enough.
  summary=$(head -c 262144 "$f" | tar -xzO --occurrence=1 backup.json 2>/dev/null | sed '/^  "files": {/,$d' | base64 -w0)
  if [ -n "$summary" ]; then echo "summary_$name=$summary"
  else case $(head -c 262144 "$f" | tar -tz 2>/dev/null | head -n 1) in ./*) echo predecessors="$name" ;; esac
  fi
done
b64 "$P/backups/copies.json" copies
[ -z "$(find "$P/logs/db" -name '*.sqlite3' -print 2>/dev/null | head -n 1)" ] || echo log_databases=present
for one in \${asked:-}; do
  wait "\${one##*:}"
  case $? in 7 | 124) echo silent="\${one%:*}" ;; esac
done
exit 0`
