import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

const CONTAINERS = 'ai-proxy-ui ai-proxy-logs'

/**
 * Prints `ui` for each container of the Logs UI: its name, its state, the release that it is of; and `ui_route`, the file that
 * leads to it, in base64.
 */
export const UI_FACTS = `docker inspect -f 'ui={{slice .Name 1}} {{.State.Status}} {{index .Config.Labels "ai-deploy.ui"}}' ${CONTAINERS} 2>/dev/null
b64 "$P/edge/dynamic/ui.yml" ui_route`

/** Makes the folders below the current one that are mounted, as the owner of the logs. */
export const MAKE_UI_FOLDERS = `for d in logs/db logs/ui; do
  [ -d "$d" ] || { mkdir "$d" && chown --reference=logs "$d"; } || exit 1
done`

export function makeUiFolders(folder: string): Argv {
  return sh(`cd "$1" || exit 1\n${MAKE_UI_FOLDERS}`, folder)
}

/** Waits until the UI answers and the other container runs; prints the last lines of what does not, and ends with 4. */
export function waitForUi(port: number, timeoutS: number): Argv {
  return sh(
    `end=$(( $(date +%s) + $2 ))
ask="fetch('http://127.0.0.1:$1/ui/health').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"
runs() { [ "$(docker inspect -f '{{.State.Status}}' ai-proxy-logs 2>/dev/null)" = running ]; }
until docker exec ai-proxy-ui node -e "$ask" >/dev/null 2>&1 && runs && sleep 1 && runs; do
  [ "$(date +%s)" -lt "$end" ] || { for one in ${CONTAINERS}; do docker logs --tail 5 "$one" 2>&1; done; exit 4; }
  sleep 0.3
done`,
    String(port),
    String(timeoutS),
  )
}

/** Removes the Logs UI of the current folder, and what leads to it. */
export const REMOVE_UI = `rm -f edge/dynamic/ui.yml
docker rm -f ${CONTAINERS} >/dev/null 2>&1 || true`

export function removeUi(folder: string): Argv {
  return sh(`cd "$1" || exit 1\n${REMOVE_UI}`, folder)
}
