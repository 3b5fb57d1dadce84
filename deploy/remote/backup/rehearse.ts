import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

/** Containers of rehearsals have it; facts and deploys do not look at them. */
const LABEL = 'ai-deploy.rehearsal'
/** Ends one by itself whose run was cut off. */
const MAX_S = 300

export interface RehearsalInput {
  container: string
  image: string
  /** Unpacked folder of a release. */
  folder: string
  /** Port of the gateway inside the container. */
  port: number
  owner: { uid: number; gid: number }
}

/**
 * Starts a gateway of an unpacked release on a free port of the loopback interface, out of reach of the edge. It writes its
 * logs into that folder. Prints ADDRESS:PORT.
 */
export function startRehearsal({ container, image, folder, port, owner }: RehearsalInput): Argv {
  return sh(
    `set -e
old=$(docker ps -aq --filter label=${LABEL})
[ -z "$old" ] || docker rm -f $old >/dev/null
mkdir "$3/logs"
chown "$5" "$3/logs"
chmod 644 "$3/config.yml"
docker run -d --rm --init --name "$1" --label ${LABEL} --publish "127.0.0.1::$4" --user "$5" \\
  --env-file "$3/gateway.env" --env HOST=0.0.0.0 --env "PORT=$4" --env LOG_DIR=/app/logs --env CONFIG_PATH=/app/config.yml \\
  --env "RELEASE_ID=$1" -v "$3/config.yml:/app/config.yml:ro" -v "$3/logs:/app/logs" --read-only --tmpfs /tmp \\
  --cap-drop ALL --security-opt no-new-privileges "$2" \\
  timeout ${MAX_S} node --enable-source-maps dist/proxy/main.js >/dev/null
docker port "$1" "$4" | head -n 1`,
    container,
    image,
    folder,
    String(port),
    `${owner.uid}:${owner.gid}`,
  )
}

/** No container of that name is fine. */
export function endRehearsal(container: string): Argv {
  return sh('docker rm -f "$1" >/dev/null 2>&1 || ! docker inspect "$1" >/dev/null 2>&1', container)
}
