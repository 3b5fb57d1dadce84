import type { Argv } from '../host/argv.ts'
import { sh } from './sh.ts'

export interface ComposeProject {
  /** `docker compose` or `docker-compose`. */
  compose: Argv
  project: string
  /** Absolute path of the Compose file; relative paths in it start at its folder. */
  file: string
  environment?: Record<string, string>
  /** Recreates a container that is as the file says. */
  isForced?: boolean
  /** Makes the container only. */
  isNotStarted?: boolean
}

export function composeUp(wanted: ComposeProject): Argv {
  const { compose, project, file, environment = {}, isForced = false, isNotStarted = false } = wanted
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  return [
    'env',
    ...variables,
    ...compose,
    '-p',
    project,
    '-f',
    file,
    'up',
    isNotStarted ? '--no-start' : '-d',
    '--no-build',
    ...(isForced ? ['--force-recreate'] : []),
  ]
}

/**
 * Makes the network, and puts a container on it that is not: one that was taken off, or one that holds the id of a network
 * of that name which somebody removed. It keeps running, and needs no image. A stopped one that can be started on the removed
 * network only is removed. No container of that name is fine.
 */
export function attachToNetwork(container: string, network: string): Argv {
  return sh(
    `docker network inspect "$2" >/dev/null 2>&1 || docker network create "$2" >/dev/null || exit 1
state=$(docker inspect -f '{{.State.Status}}' "$1" 2>/dev/null) || exit 0
held=$(docker inspect -f "{{with index .NetworkSettings.Networks \\"$2\\"}}{{if .NetworkID}}{{.NetworkID}}{{else}}unset{{end}}{{end}}" "$1")
id=$(docker network inspect -f '{{.Id}}' "$2")
case "$state $(docker inspect -f '{{.HostConfig.NetworkMode}}' "$1")" in
  running* | paused* | *" $2" | *" $id") ;;
  *) docker rm "$1" >/dev/null; exit ;;
esac
case $held in unset | "$id") exit 0 ;; esac
[ "$state" != paused ] || docker unpause "$1" >/dev/null
docker network disconnect -f "$2" "$1" >/dev/null 2>&1
docker network connect --alias "$1" "$2" "$1"`,
    container,
    network,
  )
}

export function buildImage(image: string, nodeImage: string, context: string): Argv {
  return ['docker', 'build', '--build-arg', `NODE_IMAGE=${nodeImage}`, '-t', image, context]
}

/** Pulls a prebuilt image, unless the server has it, under the name of the release's image. */
export function pullImage(prebuilt: string, image: string): Argv {
  const script = 'docker image inspect "$1" >/dev/null 2>&1 || docker pull "$1" || exit 1; docker tag "$1" "$2"'
  return sh(script, prebuilt, image)
}

/**
 * Takes an image from stdin, under this name: Podman puts `localhost/` in front of it. It must be for this platform, for example
 * `linux/arm64`.
 */
export function loadImage(image: string, platform: string): Argv {
  return sh(
    `set -e
name=$(docker load | sed -n 's/^Loaded image: //p' | tail -n 1)
[ -n "$name" ] || { echo 'no image came' >&2; exit 1; }
is=$(docker image inspect -f '{{.Os}}/{{.Architecture}}' "$name")
if [ "$is" != "$2" ]; then
  docker rmi "$name" >/dev/null
  echo "the image is for $is, not for $2" >&2
  exit 1
fi
[ "$name" = "$1" ] || { docker tag "$name" "$1"; docker rmi "$name" >/dev/null; }`,
    image,
    platform,
  )
}

/** Makes a container run that exists: one that is paused, stopped, or runs already. */
export function wakeContainer(name: string): Argv {
  return sh(
    `case $(docker inspect -f '{{.State.Status}}' "$1") in
  paused) docker unpause "$1" ;;
  *) docker start "$1" ;;
esac`,
    name,
  )
}

/** Seconds of grace only matter to a process that does not end by itself. */
export function stopContainer(name: string, graceS: number): Argv {
  return ['docker', 'stop', '-t', String(graceS), name]
}

/** How long a gateway may leave a question without an answer until it is seen as hung. */
const HUNG_AFTER_S = 30
export const HUNG = 9

/** Ends with HUNG if nothing comes; a gateway that ends or has closed its port answers in its way. */
const ASK_IF_HUNG = `setTimeout(()=>process.exit(${HUNG}),${HUNG_AFTER_S * 1000});require('http').get('http://127.0.0.1:8123/health',()=>process.exit()).on('error',()=>process.exit())`

/** Shell command that kills a container, a word of the shell, if its gateway hangs. It continues in the background. */
export function killIfHung(container: string): string {
  return `{ docker exec "${container}" node -e "${ASK_IF_HUNG}" >/dev/null 2>&1; [ $? != ${HUNG} ] || docker kill "${container}" >/dev/null 2>&1; } &`
}

/**
 * Sends SIGTERM to the container $1, and continues after the connection has ended. The container has the grace that it was
 * started with: the stop_grace_period of its Compose file. A gateway that hangs would use that up with no effect, and an
 * engine that is restarted meanwhile would wait for it, so it is killed. It is not a command of the lock's holder any more, so
 * it closes number 8.
 */
const STOP_IN_BACKGROUND = `setsid docker stop "$1" >/dev/null 2>&1 </dev/null 8>&- &
setsid sh -c 'docker exec "$1" node -e "$2"; [ $? != ${HUNG} ] || docker kill "$1"' sh "$1" "$2" >/dev/null 2>&1 </dev/null 8>&- &`

/** Lets a container finish its running answers, and stops it then. */
export function stopDetached(name: string): Argv {
  return sh(
    `[ "$(docker inspect -f '{{.State.Status}}' "$1" 2>/dev/null)" != paused ] || docker unpause "$1" >/dev/null
${STOP_IN_BACKGROUND}`,
    name,
    ASK_IF_HUNG,
  )
}

/**
 * Stops a release that does not stay live. One that took over already, which its restart policy shows, finishes its running
 * answers; another one has none.
 */
export function stopCandidate(name: string): Argv {
  return sh(
    `policy=$(docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' "$1" 2>/dev/null)
docker update --restart=no "$1" >/dev/null 2>&1
[ "$policy" = unless-stopped ] || { docker stop -t 1 "$1" >/dev/null 2>&1; exit 0; }
${STOP_IN_BACKGROUND}
exit 0`,
    name,
    ASK_IF_HUNG,
  )
}

/** Lets a container finish its running answers, and removes it then; continues after the connection has ended. */
export function stopAndRemove(name: string): Argv {
  return sh(
    `docker update --restart=no "$1" >/dev/null 2>&1
setsid sh -c 'docker stop "$1"; docker rm "$1"' sh "$1" >/dev/null 2>&1 </dev/null 8>&- &
exit 0`,
    name,
  )
}

/** Waits until there is no such container; ends with 4 when the time is over. */
export function waitRemoved(name: string, timeoutS: number): Argv {
  return sh(
    `end=$(( $(date +%s) + $2 ))
while docker inspect "$1" >/dev/null 2>&1; do
  [ "$(date +%s)" -lt "$end" ] || exit 4
  sleep 0.2
done`,
    name,
    String(timeoutS),
  )
}

export function restartPolicy(name: string, policy: 'no' | 'unless-stopped'): Argv {
  return ['docker', 'update', `--restart=${policy}`, name]
}

/** One that runs stays, and that is an error. */
export function removeContainer(name: string): Argv {
  return sh('docker rm "$1" >/dev/null 2>&1 || ! docker inspect "$1" >/dev/null 2>&1', name)
}

/** Prints the env file of a release, else the environment of its container, one variable a line. */
export function releaseEnvironment(envFile: string, container: string): Argv {
  return sh(
    `cat "$1" 2>/dev/null || docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$2" 2>/dev/null`,
    envFile,
    container,
  )
}

export function containerLogs(name: string, lines: number): Argv {
  return sh('docker logs --tail "$2" "$1" 2>&1', name, String(lines))
}

/** What the edge logs about certificates that it cannot get; `sinceS` is seconds since 1970 by the server's clock. */
export function acmeErrors(container: string, sinceS: number): Argv {
  return sh(
    'docker logs --since "$2" "$1" 2>&1 | grep -i acme | grep -iE "error|unable|cannot" | tail -n 1',
    container,
    String(sinceS),
  )
}

export function restartContainer(name: string): Argv {
  return ['docker', 'restart', name]
}

/** Asks until the time is over, and ends then with 4. One process asks, since each start of one takes longer than an answer. */
const ASK_READY =
  "const [port,s]=process.argv.slice(1).map(Number),end=Date.now()+s*1000;const again=()=>Date.now()<end?setTimeout(ask,50):process.exit(4);const ask=()=>fetch('http://127.0.0.1:'+port+'/ready',{signal:AbortSignal.timeout(5000)}).then((r)=>r.ok?process.exit(0):again(),again);ask()"

/** Prints `true` if it runs. */
export function isRunning(container: string): Argv {
  return ['docker', 'inspect', '-f', '{{.State.Running}}', container]
}

export const EXITED = 3

/**
 * Asks a gateway inside its own container whether it is ready, until it is. Ends with 0 when ready, EXITED when the container
 * does not run, 4 when the time is over.
 */
export function waitReady(container: string, port: number, timeoutS: number): Argv {
  return sh(
    `end=$(( $(date +%s) + $3 ))
while :; do
  [ "$(docker inspect -f '{{.State.Running}}' "$1" 2>/dev/null)" = true ] || exit 3
  docker exec "$1" node -e "$4" "$2" "$(( end - $(date +%s) ))" >/dev/null 2>&1 && exit 0
  [ "$(date +%s)" -lt "$end" ] || exit 4
  sleep 0.2
done`,
    container,
    String(port),
    String(timeoutS),
    ASK_READY,
  )
}

/** Waits for a container to end by itself; prints its state. */
export function waitExited(container: string, timeoutS: number): Argv {
  return sh(
    `timeout "$2" docker wait "$1" >/dev/null 2>&1
docker inspect -f '{{.State.Status}}' "$1" 2>/dev/null || echo absent`,
    container,
    String(timeoutS),
  )
}

/**
 * Removes images of earlier deploys except those with these tags; an image that a container uses stays. Of the build stages
 * that the engine's own builder leaves without a name only the newest stays, which the next build starts from.
 */
export function pruneImages(keepTags: string[]): Argv {
  return sh(
    `docker images ai-proxy --format '{{.Tag}}' | grep -E '^[0-9a-f]{12}$' | while read -r tag; do
  case " $1 " in *" $tag "*) ;; *) docker rmi "ai-proxy:$tag" >/dev/null 2>&1 ;; esac
done
docker images -q --filter dangling=true --filter label=ai-deploy.stage=build | tail -n +2 | xargs -r docker rmi >/dev/null 2>&1
exit 0`,
    keepTags.join(' '),
  )
}

/** Begins the name under which Compose recreates a container, in a filter of Docker. */
export const TEMPORARY_NAME = '^/?[0-9a-f]{12}_'

/**
 * Compose recreates a container under a temporary name. Where it was cut off, the container gets its own name back, or is
 * removed if there is one of that name.
 */
export function settleName(container: string): Argv {
  return sh(
    `for one in $(docker ps -aq --filter "name=${TEMPORARY_NAME}$1$"); do
  docker rm "$one" >/dev/null 2>&1 || docker inspect "$1" >/dev/null 2>&1 || docker rename "$one" "$1"
done`,
    container,
  )
}

/** Shell function: true unless a running container has another folder open than the one that is there now. */
export const MOUNTED = `mounted() {
  pid=$(docker inspect -f '{{.State.Pid}}' "$1" 2>/dev/null)
  [ "\${pid:-0}" != 0 ] && [ -d "$2" ] && [ -d "/proc/$pid/root$3" ] || return 0
  [ "$(stat -Lc %d:%i "$2")" = "$(stat -Lc %d:%i "/proc/$pid/root$3")" ]
}`

/** Restarts a container that has another folder open than the one that is there now. */
export function restartIfReplaced(container: string, here: string, there: string): Argv {
  return sh(`${MOUNTED}\nmounted "$@" || docker restart "$1" >/dev/null`, container, here, there)
}
