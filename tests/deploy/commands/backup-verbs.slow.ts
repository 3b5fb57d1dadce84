import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { output } from '../../helpers/process/programs.ts'
import { runCli, runMain } from '../../helpers/process/run-ai-deploy.ts'
import { describeWithSshServer } from '../../helpers/server/sshd.ts'
import { sharedTempFolder, tempFolder } from '../../helpers/temp-folder.ts'

describeWithSshServer('through a real sshd, as root', (server) => {
  const cwd = sharedTempFolder()
  const path = sharedTempFolder({ '.env': 'API_KEYS=key\nDOMAIN=a.example.com\n', 'certs/acme.json': '{}' })
  let name = ''

  const connection = () => {
    const { sshConfig, hostKey } = server()
    return ['--host', 'server', '--ssh-config', sshConfig, '--path', path, '--host-key', hostKey.fingerprint]
  }
  const run = (...args: string[]) => runMain([...args, ...connection()], { cwd })
  /** In a separate process, where relative paths begin at its folder. */
  const runThere = (...args: string[]) => runCli([...args, ...connection()], { cwd })
  const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout)

  test('backup create asks first, writes one, and backup list shows it', async () => {
    expect(await json('backup', 'create')).toMatchObject({ ok: false, verb: 'backup create', error: { code: 'USAGE' } })
    const created = await run('backup', 'create', '--yes')
    expect(created.exitCode, created.stderr).toBe(0)
    expect(created.stderr).toMatch(/ {2}- write backups\/\S+, with the log databases\n/)
    const { verb, result } = await json('backup', 'list')
    expect(verb).toBe('backup list')
    expect(result.backups).toMatchObject([
      { kind: 'ai-deploy', release: null, domain: 'a.example.com', has_logs: false, is_consistent: true },
    ])
    name = result.backups[0].name
  })

  test('backup pull fetches it whole, and overwrites nothing', async () => {
    const { exitCode, stdout, stderr } = await run('backup', 'pull', name)
    expect([exitCode, stdout], stderr).toEqual([0, `${join(cwd, name)}\n`])
    expect(readFileSync(join(cwd, name)).equals(readFileSync(join(path, 'backups', name)))).toBe(true)
    expect((statSync(join(cwd, name)).mode & 0o777).toString(8)).toBe('600')
    expect((await json('backup', 'pull', name)).error).toMatchObject({ code: 'USAGE' })
    expect((await json('backup', 'pull', 'nothing.tar.gz')).error).toMatchObject({ code: 'RESTORE_FAILED' })
  })

  test('backup verify compares every file, on the server and here', async () => {
    const verified = { file: name, files: 2, is_consistent: true, inconsistent: {}, databases: [], not_judged: null }
    expect((await json('backup', 'verify', name)).result).toEqual(verified)
    expect((await runThere('backup', 'verify', `./${name}`)).stdout).toBe(
      `./${name}: all 2 files are as they were written\n`,
    )
    const folder = tempFolder()
    output('tar', '-xzf', join(cwd, name), '-C', folder)
    writeFileSync(join(folder, 'certs/acme.json'), '{ }')
    const changed = join(cwd, 'changed.tar.gz')
    output('tar', '-czf', changed, '-C', folder, 'backup.json', '.env', 'certs')
    expect((await json('backup', 'verify', changed)).error).toMatchObject({
      code: 'BACKUP_DAMAGED',
      message: `${changed} is damaged: certs/acme.json`,
    })
  })

  test('audit shows who made which change', async () => {
    const { result } = await json('audit')
    expect(result.entries).toMatchObject([{ verb: 'backup create', result: 'ok', release: null }])
    expect((await run('audit')).stdout).toMatch(
      /^\S+ {2}backup create {2}ok {2}- {2}[\d.]+ s {2}\S+ \(127\.0\.0\.1\) as root\n$/,
    )
  })

  test('a command and an action exclude each other', async () => {
    expect((await json('backup', 'list', '--rollback')).error).toMatchObject({
      code: 'USAGE',
      message: 'backup list cannot be used with another action',
    })
  })
})
