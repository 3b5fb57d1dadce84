import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { testAsRoot } from '../../helpers/needs.ts'
import { output } from '../../helpers/process/programs.ts'
import { type CliOptions, runCli, runMain } from '../../helpers/process/run-ai-deploy.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const RELEASE = '20261123-101112'
const MANIFEST = {
  version: 1,
  id: RELEASE,
  image: 'ai-proxy:0123456789ab',
  files: { 'config.yml': '', 'context/Dockerfile': 'a hash' },
}

/** A file that was made on another server. */
function backup(): string {
  const folder = tempFolder({
    '.env': 'API_KEYS=k\nDOMAIN=old.example.com\nHTTP_PORT=18080\nHTTPS_PORT=18443\n',
    'certs/acme.json': '{}',
    [`releases/${RELEASE}/manifest.json`]: JSON.stringify(MANIFEST),
    [`releases/${RELEASE}/config.yml`]: 'model_mappings: {}\n',
    [`releases/${RELEASE}/context/Dockerfile`]: 'FROM scratch\n',
  })
  const path = join(folder, 'backup.tar.gz')
  output('tar', '-czf', path, '-C', folder, '.env', 'certs', 'releases')
  return path
}

/** On this machine, into a folder that does not exist yet. */
async function restore(args: string[], runIt = (all: string[], options: CliOptions) => runMain(all, options)) {
  const cwd = tempFolder()
  const server = join(cwd, 'server')
  return { server, ...(await runIt(['--host', 'localhost', '--path', server, ...args], { cwd })) }
}

testAsRoot('--dry-run shows where the changes come from, and makes none', async () => {
  const file = backup()
  const { exitCode, stdout, stderr, server } = await restore(['--restore-backup', file, '--dry-run', '--json'], runCli)
  expect(exitCode, stderr).toBe(0)
  expect(stderr.startsWith(`On localhost, from ${file}:\n`)).toBe(true)
  const { result, ...envelope } = JSON.parse(stdout)
  expect(envelope).toEqual({ ok: true, verb: 'restore-backup', dry_run: true, warnings: [] })
  expect(result).toMatchObject({ changed: false, url: 'https://old.example.com:18443' })
  expect(result.changes).toContain('put its certificates in place')
  expect(result.changes).toContain(`start release ${result.release}`)
  expect(existsSync(server)).toBe(false)
})

describe('what cannot be restored', () => {
  testAsRoot('is a file that does not exist, here or on the server', async () => {
    const here = await restore(['--restore-backup', './missing.tar.gz', '--yes'])
    expect([here.exitCode, here.stderr]).toEqual([
      50,
      '✖ ./missing.tar.gz does not exist on this machine.\nHint: check the path. (RESTORE_FAILED, exit code 50)\n',
    ])
    const there = await restore(['--restore-backup', 'missing.tar.gz', '--yes'])
    expect([there.exitCode, there.stderr]).toEqual([
      50,
      `✖ There is no missing.tar.gz in ${there.server}/backups on the server.\nHint: see --list-backups; write ./NAME for a file on this machine. (RESTORE_FAILED, exit code 50)\n`,
    ])
  })

  testAsRoot('is a file that is not a backup', async () => {
    const file = join(tempFolder(), 'broken.tar.gz')
    writeFileSync(file, 'not an archive')
    const { exitCode, stderr } = await restore(['--restore-backup', file, '--yes'])
    expect([exitCode, stderr]).toEqual([50, expect.stringMatching(/^✖ .*broken\.tar\.gz cannot be restored: /)])
  })
})
