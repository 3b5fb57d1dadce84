import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

const DOCKER = `#!/bin/sh
echo "$@"
case " $* " in *" -i "*) cat ;; esac
while [ $# -gt 0 ]; do [ "$1" != --env-file ] || cat "$2"; shift; done
`
const RELEASE = '20250915-120000'

/**
 * A server's folder with the script and this .env, and a `docker` that prints its arguments, what it gets on stdin if it
 * reads it, and the variables that it gets.
 */
function server(dotenv = ''): { folder: string; run: (args: string[], input?: string) => string } {
  const folder = tempFolder()
  for (const name of ['scripts', 'logs', 'bin', `releases/${RELEASE}`])
    mkdirSync(join(folder, name), { recursive: true })
  copyFileSync(join(packageRoot(), 'templates/server-logdb.sh'), join(folder, 'scripts/logdb'))
  writeFileSync(join(folder, 'state.json'), `{"release": "${RELEASE}"}`)
  writeFileSync(join(folder, `releases/${RELEASE}/manifest.json`), '{"image": "ai-proxy:1"}')
  writeFileSync(join(folder, '.env'), dotenv)
  const docker = join(folder, 'bin/docker')
  writeFileSync(docker, DOCKER)
  chmodSync(docker, 0o755)
  return {
    folder,
    run: (args, input = '') => {
      const { status, stdout, stderr } = spawnSync('sh', [join(folder, 'scripts/logdb'), ...args], {
        input,
        encoding: 'utf8',
        env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
      })
      expect([status, stderr]).toEqual([0, ''])
      return stdout
    },
  }
}

test('a client of MCP reaches logdb on stdin, and other verbs leave stdin to the caller', () => {
  const { run } = server()
  for (const args of [
    ['mcp', '--since', '7d'],
    ['--no-dotenv', 'mcp', '--since', '7d'],
  ]) {
    expect(run(args, '{"jsonrpc":"2.0"}\n')).toMatch(
      /^run --rm -i --read-only .* ai-proxy:1 node \/app\/dist\/logdb\/cli.js --no-dotenv mcp --since 7d\n\{"jsonrpc":"2.0"\}\n$/,
    )
  }
  expect(run(['search', 'mcp'], 'lines of a loop\n')).toMatch(/^run --rm --read-only .* --no-dotenv search mcp\n$/)
})

const TO_BUCKET = `LOGDB_AUTO_TO="s3://bucket/server-1"
LOGDB_ENV=test
BACKUP_S3_REGION=eu
BACKUP_S3_SECRET_ACCESS_KEY='a secret'
OPENROUTER_API_KEY=other
`

test('only auto reaches a network, and gets the access key, when it copies bundles to a bucket', () => {
  const { run } = server(TO_BUCKET)
  for (const args of [['auto', '--quiet'], [], ['--no-dotenv', 'auto', '--to', 's3://bucket/b']]) {
    expect(run(args)).toContain(' --network host ')
  }
  const [line, ...variables] = run(['auto']).split('\n')
  expect(line).not.toContain('secret')
  expect(variables.sort()).toEqual([
    '',
    'BACKUP_S3_REGION=eu',
    'BACKUP_S3_SECRET_ACCESS_KEY=a secret',
    'LOGDB_AUTO_TO=s3://bucket/server-1',
    'LOGDB_ENV=test',
  ])
  const [other, ...given] = run(['search', 's3://']).split('\n')
  expect(other).toContain(' --network none ')
  expect(given).toEqual(['LOGDB_AUTO_TO=s3://bucket/server-1', 'LOGDB_ENV=test', ''])
  expect(server('BACKUP_S3_REGION=eu').run(['auto'])).toContain(' --network none ')
})

test('auto sees a folder that it copies bundles to, wherever it is', () => {
  const elsewhere = join(tempFolder(), 'my copies')
  mkdirSync(elsewhere)
  const { run, folder } = server(`LOGDB_AUTO_TO=${elsewhere}\n`)
  expect(run(['auto'])).toContain(` --network none `)
  expect(run(['auto'])).toContain(` -v ${elsewhere}:${elsewhere} -w ${folder} `)
  expect(run(['search', 'x'])).not.toContain(`${elsewhere}:`)
})

test('auto reaches another machine, with the key on stdin and on no command line', () => {
  const key = join(tempFolder({ 'a key': 'PRIVATE KEY\n' }), 'a key')
  const pinned = `BACKUP_SSH_KEY="${key}"\nBACKUP_SSH_HOST_KEY=SHA256:x\nBACKUP_S3_REGION=eu\nLOGDB_ENV=test\n`
  const { run } = server(`LOGDB_AUTO_TO=me@there:a folder\n${pinned}`)
  for (const args of [['auto'], ['--quiet'], []]) {
    const [line, ...rest] = run(args, 'lines of a loop\n').split('\n')
    expect(line).toMatch(/^run --rm -i .* --network host /)
    expect(line).not.toContain('key')
    expect(rest).toEqual([
      'PRIVATE KEY',
      'LOGDB_AUTO_TO=me@there:a folder',
      'LOGDB_ENV=test',
      `BACKUP_SSH_KEY=${key}`,
      'BACKUP_SSH_HOST_KEY=SHA256:x',
      'BACKUP_SSH_KEY=-',
      '',
    ])
  }
  expect(run(['search', 'a:b'])).toMatch(/^run --rm --read-only .* --network none /)
  const typed = server(pinned).run
  for (const to of [['--to', 'there:x'], ['--to=ssh://there:22/x'], ['--wait', '5s', '--to', 'me@[::1]:x']]) {
    expect(typed(['auto', ...to])).toMatch(/ --network host .*\nPRIVATE KEY\n/s)
  }
  for (const to of ['./a:b', '/a:b', 'a']) expect(typed(['auto', '--to', to])).toContain(' --network none ')
})

test('auto runs without a key that is not there, and says so itself', () => {
  const { run } = server('LOGDB_AUTO_TO=there:x\nBACKUP_SSH_KEY=/missing/key\n')
  expect(run(['auto'])).toMatch(/^run --rm --read-only .*\nBACKUP_SSH_KEY=\/missing\/key\n$/s)
})
