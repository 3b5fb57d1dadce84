import type { Argv } from '../host/argv.ts'
import { killIfHung } from './docker.ts'
import { REMOVE_UI } from './logdb/release-ui.ts'
import { UNSCHEDULE } from './logdb/schedule.ts'
import { sh } from './sh.ts'

/**
 * Stops every release, which finish their running answers unless they hang, and then the edge, and removes them with their network, images and
 * files. Data stays: .env, certs/, logs/, backups/ and the audit.
 */
export function removeGateway(folder: string): Argv {
  return sh(
    `cd "$1" || exit 1
rm -f warm/release
${UNSCHEDULE}
if command -v docker >/dev/null 2>&1; then
  ${REMOVE_UI}
  if [ -d /run/systemd/system ]; then systemctl stop 'ai-proxy-*-warm-*.timer' >/dev/null 2>&1; fi
  releases=$(docker ps -aq --filter label=ai-deploy.release)
  for one in $releases; do
    docker update --restart=no "$one" >/dev/null 2>&1
    docker stop "$one" >/dev/null 2>&1 &
    ${killIfHung('$one')}
  done
  wait
  for one in $releases; do docker rm -f "$one" >/dev/null || exit 1; done
  for one in ai-proxy-edge $(docker ps -aq --filter 'name=^/?ai-proxy-edge-[0-9]'); do
    ! docker inspect -f '{{.State.Status}}' "$one" >/dev/null 2>&1 || docker rm -f "$one" >/dev/null || exit 1
  done
  ! docker network inspect ai-proxy-edge >/dev/null 2>&1 || docker network rm ai-proxy-edge >/dev/null || exit 1
  docker images ai-proxy --format '{{.Tag}}' | grep -E '^[0-9a-f]{12}$' | while read -r tag; do
    docker rmi "ai-proxy:$tag" >/dev/null 2>&1
  done
fi
rm -rf releases edge current state.json scripts/logdb routine warm .reserve
rmdir scripts 2>/dev/null
exit 0`,
    folder,
  )
}
