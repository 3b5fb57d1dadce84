import { join } from 'node:path'
import { expect, test } from 'vitest'
import { output } from '../../helpers/process/programs.ts'
import { runCli, runMain } from '../../helpers/process/run-ai-deploy.ts'
import { describeWithSshServer } from '../../helpers/server/sshd.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

describeWithSshServer('through a real sshd, as root', (server) => {
  test('--list-backups shows the newest first, over one connection', async () => {
    const { sshConfig, hostKey, connections } = server()
    const cwd = tempFolder()
    const path = tempFolder({
      'backups/ai-proxy-backup-20261118-090640.tar.gz': 'x'.repeat(2000),
      'backups/ai-proxy-backup-20261119-090640.tar.gz': 'y',
      'backups/notes.txt': 'no backup',
    })
    const touch = (name: string, time: string) => output('touch', '-d', time, join(path, 'backups', name))
    touch('ai-proxy-backup-20261118-090640.tar.gz', '2026-11-18T09:06:40Z')
    touch('ai-proxy-backup-20261119-090640.tar.gz', '2026-11-19T09:06:40Z')
    const unknown = { kind: 'unknown', release: null, domain: null, has_logs: null, is_consistent: null, copy: null }
    const args = ['--host', 'server', '--ssh-config', sshConfig, '--path', path, '--list-backups']
    const before = connections()
    const first = await runCli([...args, '--host-key', hostKey.fingerprint], { cwd })
    expect(first).toEqual({
      exitCode: 0,
      stdout: `ai-proxy-backup-20261119-090640.tar.gz  1 KiB  2026-11-19T09:06:40Z  -  -  unknown
ai-proxy-backup-20261118-090640.tar.gz  2 KiB  2026-11-18T09:06:40Z  -  -  unknown
`,
      stderr: expect.stringMatching(
        /^To restore one: \S.* --restore-backup ai-proxy-backup-20261119-090640\.tar\.gz --host server --path \S+ --ssh-config \S+\n$/,
      ),
    })
    expect(connections() - before).toBe(1)
    const { exitCode, stdout, stderr } = await runMain([...args, '--json'], { cwd })
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      verb: 'list-backups',
      result: {
        folder: join(path, 'backups'),
        backups: [
          { name: 'ai-proxy-backup-20261119-090640.tar.gz', size_bytes: 1, at: '2026-11-19T09:06:40Z', ...unknown },
          { name: 'ai-proxy-backup-20261118-090640.tar.gz', size_bytes: 2000, at: '2026-11-18T09:06:40Z', ...unknown },
        ],
      },
      warnings: [],
    })
  })
})
