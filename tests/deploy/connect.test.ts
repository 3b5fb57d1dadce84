import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { connect, type Questions } from '../../deploy/connect.ts'
import { run } from '../../deploy/host/host.ts'
import { describeNeeding, isRoot, needing, testAsRoot } from '../helpers/needs.ts'
import { output } from '../helpers/process/programs.ts'
import { runCli } from '../helpers/process/run-ai-deploy.ts'
import { makeKey, SSHD, type Sshd, startSshd } from '../helpers/server/sshd.ts'
import { sharedTempFolder, tempFolder } from '../helpers/temp-folder.ts'

const nobodyAsked: Questions = {
  acceptHostKey: async () => false,
  passphrase: async () => null,
  sudoPassword: async () => null,
}

testAsRoot('localhost is reached without SSH, by each of its names', async () => {
  for (const name of ['localhost', '127.0.0.1', '::1']) {
    const connection = await connect({ host: name }, nobodyAsked)
    expect(connection).toMatchObject({ user: 'root', home: process.env['HOME'], serverAddress: null })
    expect(connection.host).toMatchObject({ name: 'localhost', address: null })
    expect(await run(connection.host, 'say who we are', ['id', '-u'])).toBe('0\n')
  }
})

needing('a user without rights', !isRoot && !maySudo())('a user that cannot become root is refused', async () => {
  await expect(connect({ host: 'localhost' }, nobodyAsked)).rejects.toMatchObject({
    code: 'SUDO_MISSING',
    exitCode: 12,
  })
})

function maySudo(): boolean {
  try {
    return output('sudo', '-n', 'id', '-u') === '0\n'
  } catch {
    return false
  }
}

describeNeeding('sshd, or root,', SSHD !== null && isRoot)('through a real sshd, as root', () => {
  const folder = sharedTempFolder()
  let sshd: Sshd
  let sshConfig: string

  beforeAll(async () => {
    sshd = await startSshd(folder)
    const key = makeKey(folder, 'key')
    sshd.authorize(`${key}.pub`)
    sshConfig = join(mkdtempSync(join(folder, 'home-')), 'config')
    writeFileSync(
      sshConfig,
      `Host server
  HostName 127.0.0.1
  Port ${sshd.port}
  User ${sshd.user}
  IdentityFile ${key}
  IdentitiesOnly yes
  UserKnownHostsFile ${sshConfig}.known_hosts
`,
    )
  })
  afterAll(() => sshd?.close())

  test('we are told who we are there, and the address of the server’s end', async () => {
    const target = { host: 'server', sshConfig, hostKey: sshd.hostKey.fingerprint }
    const connection = await connect(target, nobodyAsked)
    onTestFinished(() => connection.host.close())
    expect(connection).toMatchObject({ user: 'root', serverAddress: '127.0.0.1' })
    expect(connection.host.counts).toEqual({ connections: 1, channels: 2 })
  })

  test('--list-backups shows the newest first, over one connection', async () => {
    const server = tempFolder({
      'backups/ai-proxy-backup-20261118-090640.tar.gz': 'x'.repeat(2000),
      'backups/ai-proxy-backup-20261119-090640.tar.gz': 'y',
      'backups/notes.txt': 'no backup',
    })
    const touch = (name: string, time: string) => output('touch', '-d', time, join(server, 'backups', name))
    touch('ai-proxy-backup-20261118-090640.tar.gz', '2026-11-18T09:06:40Z')
    touch('ai-proxy-backup-20261119-090640.tar.gz', '2026-11-19T09:06:40Z')
    const args = ['--host', 'server', '--ssh-config', sshConfig, '--path', server, '--list-backups']
    const before = sshd.connections()
    const first = await runCli([...args, '--host-key', sshd.hostKey.fingerprint], { cwd: folder })
    expect(first).toEqual({
      exitCode: 0,
      stdout: `ai-proxy-backup-20261119-090640.tar.gz  1 KiB  2026-11-19T09:06:40Z
ai-proxy-backup-20261118-090640.tar.gz  2 KiB  2026-11-18T09:06:40Z
`,
      stderr: 'To bring one back: ai-deploy --host server --restore-backup ai-proxy-backup-20261119-090640.tar.gz\n',
    })
    expect(sshd.connections() - before).toBe(1)
    const { exitCode, stdout, stderr } = await runCli([...args, '--json'], { cwd: folder })
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      folder: join(server, 'backups'),
      backups: [
        { name: 'ai-proxy-backup-20261119-090640.tar.gz', size_bytes: 1, at: '2026-11-19T09:06:40Z' },
        { name: 'ai-proxy-backup-20261118-090640.tar.gz', size_bytes: 2000, at: '2026-11-18T09:06:40Z' },
      ],
    })
  })
})
