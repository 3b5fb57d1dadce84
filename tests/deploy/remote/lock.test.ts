import { test } from 'vitest'
import { holdLock } from '../../../deploy/remote/lock.ts'
import { expectShell } from '../../helpers/server/scripts.ts'

test('holdLock', () => {
  const args = ['/srv', "ann as root, deploy, it's", '/srv/.env', '/srv/edge/dynamic/app.yml']
  expectShell(holdLock('/srv', "ann as root, deploy, it's", ['/srv/.env', '/srv/edge/dynamic/app.yml']), args, [
    'watched_digest() {',
    '  for f; do sha256sum < "$f" 2>/dev/null || echo absent; done | sha256sum | cut -d\' \' -f1',
    '}',
    'mkdir -p "$1" && cd "$1" && exec 9>>lock || exit 1',
    'if ! flock -n 9; then echo "busy $(cat lock)"; exit 0; fi',
    `printf '%s' "$2" > lock`,
    'shift 2',
    'echo "held $(watched_digest "$@")"',
    'cat > /dev/null',
  ])
})
