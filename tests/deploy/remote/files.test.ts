import { expect, test } from 'vitest'
import * as files from '../../../deploy/remote/files.ts'
import { expectShell } from '../../helpers/server/scripts.ts'

const ROUTE = '/srv/edge/dynamic/app.yml'
const COPY = `${ROUTE}.before-20261124-000000`
const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

test('writeFile', () => {
  expectShell(
    files.writeFile('/srv/.env', '600', SHA256),
    ['/srv/.env', '600', SHA256, ''],
    [
      'set -e',
      'umask 077',
      '[ -d "${1%/*}" ] || mkdir -p "${1%/*}"',
      't="$1.tmp.$$"',
      `trap 'rm -f "$t"' EXIT`,
      'cat > "$t"',
      `case $(sha256sum < "$t") in "$3 "*) ;; *) false ;; esac || { echo 'the content did not arrive whole' >&2; exit 1; }`,
      'chmod "$2" "$t"',
      'sync "$t"',
      '[ -z "$4" ] || [ -e "$4" ] || { cp -p "$1" "$4.part"; sync "$4.part"; mv "$4.part" "$4"; }',
      'mv -f "$t" "$1"',
    ],
  )
})

test('makeFolders', () => {
  expectShell(
    files.makeFolders('/srv', 1000, 1001),
    ['/srv', '1000', '1001'],
    [
      'set -e',
      'umask 022',
      'mkdir -p "$1/releases" "$1/edge/dynamic" "$1/scripts"',
      '[ -d "$1/certs" ] || mkdir -p -m 700 "$1/certs"',
      '[ -d "$1/backups" ] || mkdir -p -m 700 "$1/backups"',
      '[ -d "$1/logs" ] || { mkdir "$1/logs"; chown "$2:$3" "$1/logs"; }',
    ],
  )
})

test('unpackFolder', () => {
  const script = [
    'set -e',
    'umask 022',
    't="$1.part"',
    `trap 'rm -rf "$t"' EXIT`,
    'rm -rf "$t"',
    'mkdir -p "$t"',
    '[ -z "$2" ] || cp -a "$2" "$t/"',
    'tar -xzf - --no-same-owner -C "$t"',
    'sync "$t"',
    'mv -T "$t" "$1"',
  ]
  expectShell(files.unpackFolder('/srv/releases/1'), ['/srv/releases/1', ''], script)
  expectShell(files.unpackFolder('/srv/releases/1', '/srv/old'), ['/srv/releases/1', '/srv/old'], script)
})

test('removeTree', () => expect(files.removeTree('/srv/x')).toEqual(['rm', '-rf', '--', '/srv/x']))

test('putBack', () => {
  expectShell(files.putBack(ROUTE, COPY), [ROUTE, COPY], ['[ ! -e "$2" ] || mv -f "$2" "$1"'])
})

test('dropCopies', () => expectShell(files.dropCopies(ROUTE), [ROUTE], ['rm -f -- "$1".before-*']))

test('pointTo', () => {
  expectShell(
    files.pointTo('/srv/current', 'releases/1'),
    ['/srv/current', 'releases/1'],
    ['[ -L "$1" ] || [ ! -e "$1" ] || mv -T "$1" "$1.before-$(date +%s)" || exit 1; ln -sfn "$2" "$1"'],
  )
})

test('keepReserve', () => {
  expectShell(
    files.keepReserve('/srv/.reserve'),
    ['/srv/.reserve', '1048576'],
    ['[ "$(stat -c %s "$1" 2>/dev/null)" = "$2" ] || head -c "$2" /dev/urandom > "$1" || { rm -f "$1"; exit 1; }'],
  )
})

test('appendLine', () => {
  expectShell(files.appendLine('/srv/audit.jsonl'), ['/srv/audit.jsonl'], ['umask 077; cat >> "$1"'])
})

test('receiveFile', () => expectShell(files.receiveFile('/srv/b'), ['/srv/b'], ['umask 077; cat > "$1"']))
