import { expect, test } from 'vitest'
import * as backup from '../../../deploy/remote/backup.ts'
import { expectReadable, expectShell } from '../../helpers/server/scripts.ts'

const ARCHIVE = '/srv/backups/ai-proxy-backup-20261123-101112.tar.gz'

test('makeBackup', () => {
  const command = backup.makeBackup({
    folder: '/srv',
    name: 'ai-proxy-backup-20261124-000000.tar.gz',
    release: '20261123-101112',
    image: 'ai-proxy:0123456789ab',
    owner: '1000:1001',
    keep: 5,
    protect: 'b.tar.gz',
  })
  const [copyDatabases, ...args] = [command[10], ...command.slice(4, 10), command[11]]
  expect(args).toEqual([
    '/srv',
    'ai-proxy-backup-20261124-000000.tar.gz',
    '20261123-101112',
    'ai-proxy:0123456789ab',
    '1000:1001',
    '5',
    'b.tar.gz',
  ])
  expect(copyDatabases).toContain("database.prepare('VACUUM INTO ?')")
  expectReadable(command)
  const inOrder = [
    `trap 'rm -rf "$staging" "$part"' EXIT`,
    'docker run --rm --network none --user "$5" -v "$1/logs/db:/logs/db" -v "$1/$staging/logs/db:/copy" "$4" node -e "$7"',
    'for f in .env certs state.json edge/dynamic/app.yml "releases/$3"; do [ ! -e "$f" ] || list="$list $f"; done',
    'tar -czf "$part" $list -C "$staging" logs\nsync "$part"\nmv "$part" "backups/$2"\n',
    `grep -vxF -e "$5" | while read -r old; do rm -f -- "backups/$old"; done`,
    'stat -c %s "backups/$2"',
  ]
  const places = inOrder.map((part) => command[2]?.indexOf(part) ?? -1)
  expect(places).not.toContain(-1)
  expect(places).toEqual([...places].sort((a, b) => a - b))
})

test('listArchive', () => {
  expectShell(
    backup.listArchive(ARCHIVE),
    [ARCHIVE],
    [
      'list=$(tar -tvzf "$1") || exit 1',
      String.raw`printf '%s\n' "$list" | sed -E 's/^(.)[^ ]* +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ /\1 /'`,
    ],
  )
})

test('verifySums', () => {
  expectShell(backup.verifySums('/srv/x'), ['/srv/x'], ['cd "$1" && sha256sum --check --strict --quiet -'])
})

test('replaceCerts', () => {
  expectShell(
    backup.replaceCerts('/srv/x/certs', '/srv/certs', '/srv/certs.before'),
    [...['/srv/x/certs', '/srv/certs', '/srv/certs.before']],
    [
      'set -e',
      'rm -rf "$3"',
      'mv "$2" "$3"',
      'mkdir -m 700 "$2"',
      'cp "$1"/*.json "$2"/',
      'chmod 600 "$2"/*.json',
      'chown -R 0:0 "$2"',
    ],
  )
})

test('putCertsBack', () => {
  expectShell(
    backup.putCertsBack('/srv/certs', '/srv/certs.before'),
    ['/srv/certs', '/srv/certs.before'],
    ['[ ! -d "$2" ] || { rm -rf "$1" && mv "$2" "$1"; }'],
  )
})

test('readMember', () => {
  expect(backup.readMember(ARCHIVE, './.env')).toEqual(['tar', '-xzOf', ARCHIVE, '--', './.env'])
})

test('unpackMembers', () => {
  expectShell(
    backup.unpackMembers(ARCHIVE, '/srv/x', ['releases/1', 'certs/acme.json']),
    [...[ARCHIVE, '/srv/x', 'releases/1', 'certs/acme.json']],
    [
      'set -e',
      'umask 077',
      'archive=$1; target=$2; shift 2',
      'rm -rf "$target"; mkdir -p "$target"',
      'tar -xzf "$archive" --no-same-owner -C "$target" -- "$@"',
    ],
  )
})
