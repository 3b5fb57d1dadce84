import { expect, test } from 'vitest'
import * as backup from '../../../../deploy/remote/backup/backup.ts'
import { expectShell } from '../../../helpers/server/scripts.ts'

const ARCHIVE = '/srv/backups/ai-proxy-backup-20261123-101112.tar.gz'

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
      'if [ -d "$2" ]; then mv "$2" "$3"; else mkdir -m 700 "$3"; fi',
      'mkdir -m 700 "$2"',
      'for f in "$1"/*.json "$1"/own-*.pem; do',
      '  [ ! -f "$f" ] || { cp "$f" "$2"/; chmod 600 "$2/${f##*/}"; }',
      'done',
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

test('removeLeftovers', () => {
  expectShell(backup.removeLeftovers('/srv'), ['/srv'], ['rm -rf -- "$1"/.restore-*'])
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
