import type { Argv } from '../../host/argv.ts'
import { UNTIL_CLOSED } from '../looking/log-lines.ts'
import { sh } from '../sh.ts'
import { NO_LOGDB } from './bundles.ts'
import { MAKE_UI_FOLDERS } from './release-ui.ts'

/**
 * Reads what is new in the logs, and runs the Logs UI in a container of the live release until stdin ends. It prints the link
 * that logs in. It has no port of the server: only the server itself reaches its address. Ends with NO_LOGDB without a release.
 */
export function runUi(folder: string, container: string, port: number): Argv {
  return sh(
    `${UNTIL_CLOSED}
cd "$1" || exit 1
[ -x scripts/logdb ] && [ -f state.json ] && [ -d logs ] || exit ${NO_LOGDB}
scripts/logdb ingest --quiet --wait 10s </dev/null >/dev/null 2>&1
${MAKE_UI_FOLDERS}
release=$(sed -n 's/.*"release": *"\\([0-9-]*\\)".*/\\1/p' state.json | head -n 1)
image=$(sed -n 's/.*"image": *"\\([^"]*\\)".*/\\1/p' "releases/$release/manifest.json")
until_closed docker run --rm --init --name "$2" --read-only --tmpfs /tmp --cap-drop ALL \\
  --security-opt no-new-privileges --memory 512m --cpu-shares 256 --user "$(stat -c '%u:%g' logs)" \\
  -e LOGUI_HOST=0.0.0.0 -v "$PWD/logs/db:/app/logs/db" -v "$PWD/logs/ui:/app/logs/ui" \\
  "$image" node /app/dist/logdb/cli.js --no-dotenv ui --out /app/logs/db --port "$3" --no-open`,
    folder,
    container,
    String(port),
  )
}

/** Prints the address of a container, which only its server reaches. */
export function containerAddress(container: string): Argv {
  return ['docker', 'inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', container]
}
