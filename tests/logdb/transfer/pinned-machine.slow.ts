import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SshTarget } from '../../../kit/backup-copy/copy-settings.ts'
import { CHUNK_BYTES } from '../../../logdb/transfer/far-side.ts'
import { PinnedMachine } from '../../../logdb/transfer/pinned-machine.ts'
import { sendFiles } from '../../../logdb/transfer/send-files.ts'
import { jsonl, record } from '../../helpers/logdb/logs.ts'
import { randomFile } from '../../helpers/logdb/sent-files.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { digests, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'
import { describeWithSshServer, type SshServer } from '../../helpers/server/sshd.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'

const SIZE = 5 * CHUNK_BYTES + 12_345
const source = randomFile(sharedTempFolder(), 'day.tgz', SIZE, 1)

function targetOf({ user, port, hostKey, folder }: SshServer): SshTarget {
  const [host, keyFile] = ['127.0.0.1', join(folder, 'key')]
  return { kind: 'ssh', user, host, port, folder, keyFile, hostKey: hostKey.fingerprint }
}

describeWithSshServer('without a program named ssh', (server) => {
  const open = (more: Partial<SshTarget> = {}, signal?: AbortSignal) => {
    const target = { ...targetOf(server()), ...more }
    return PinnedMachine.open(target, readFileSync(target.keyFile), signal)
  }

  test('a file arrives whole, under any name, and its folder is made', async () => {
    const path = join(server().folder, `it's a "new" folder/$HOME é`)
    const machine = await open()
    const [file] = await sendFiles(machine, `${path}/`, { sources: [source] })
    machine.close()
    expect(file).toMatchObject({ isVerified: true, sentBytes: SIZE, path: join(path, 'day.tgz') })
    expect(digests([join(path, 'day.tgz')])).toEqual(digests([source]))
    expect(statSync(join(path, 'day.tgz')).mode & 0o777).toBe(0o600)
  })

  test('after the connection, or this process, is cut off, the next run continues', async () => {
    const path = join(server().folder, 'cut.tgz')
    const lost = await open()
    const cut = sendFiles(lost, path, {
      sources: [source],
      onProgress: ({ sentBytes }) => {
        if (sentBytes >= 3 * CHUNK_BYTES) server().killConnections()
      },
    })
    await expect(cut).rejects.toMatchObject({ code: 'REMOTE_UNREACHABLE' })
    await expect(lost.run(['true'], emptyStream())).resolves.toMatchObject({ exitCode: null })
    const abort = new AbortController()
    const stopped = await open({}, abort.signal)
    const interrupted = sendFiles(stopped, path, { sources: [source], onProgress: () => abort.abort() })
    await expect(interrupted).rejects.toMatchObject({ name: 'AbortError' })
    expect(statSync(`${path}.part`).size).toBeGreaterThan(0)
    const machine = await open()
    const [file] = await sendFiles(machine, path, { sources: [source] })
    machine.close()
    expect(file?.isVerified).toBe(true)
    expect(file?.sentBytes).toBeLessThan(SIZE - CHUNK_BYTES)
    expect(digests([path])).toEqual(digests([source]))
  })

  test('a wrong host key, a key that the machine refuses and a machine that does not answer each have an error', async () => {
    const problem = (more: Partial<SshTarget>) => open(more).catch((error: unknown) => error)
    const { fingerprint } = server().hostKey
    const code = 'REMOTE_UNREACHABLE'
    const hint = expect.stringContaining(`set BACKUP_SSH_HOST_KEY=${fingerprint} in .env`)
    expect(await problem({ hostKey: '' })).toMatchObject({ code, hint })
    expect(await problem({ hostKey: `SHA256:${'x'.repeat(43)}` })).toMatchObject({ code, hint })
    expect(await problem({ user: 'nobody' })).toMatchObject({ code })
    expect(await problem({ port: 1 })).toMatchObject({ code, message: expect.stringContaining('ECONNREFUSED') })
    expect(await problem({ keyFile: source })).toMatchObject({ code })
    const several = await open({ hostKey: `SHA256:${'x'.repeat(43)}, ${fingerprint}` })
    several.close()
  })

  sqliteTest('logdb auto copies bundles there with BACKUP_SSH_KEY, once', async () => {
    const { run, bundle } = await withBundle()
    const { user, port, folder, hostKey } = server()
    const to = join(folder, 'bundles of server 1')
    const env = {
      LOGDB_AUTO_TO: `ssh://${user}@127.0.0.1:${port}${to}`,
      BACKUP_SSH_KEY: join(folder, 'key'),
      BACKUP_SSH_HOST_KEY: hostKey.fingerprint,
    }
    const unknown = await run(['auto', '--json'], { ...env, BACKUP_SSH_HOST_KEY: '' })
    expect(unknown.exitCode).toBe(6)
    expect(JSON.parse(unknown.stdout).error.hint).toContain(`BACKUP_SSH_HOST_KEY=${hostKey.fingerprint}`)
    const { exitCode, stdout, stderr } = await run(['auto'], env)
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`auto: upload day-2025-09-10.tgz to ${env.LOGDB_AUTO_TO} bytes=`)
    expect(readdirSync(to).sort()).toEqual(['day-2025-09-10.tgz', 'day-2025-09-10.tgz.metadata.json'])
    expect(digests([join(to, 'day-2025-09-10.tgz')])).toEqual(digests([bundle]))
    const before = server().connections()
    expect(await run(['auto', '--quiet'], env)).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect(server().connections()).toBe(before)
  })

  sqliteTest('a key that cannot be read does not keep auto from its other steps', async () => {
    const space = workspace()
    space.write('requests-2025-09-10.jsonl', jsonl([record()]))
    const env = { LOGDB_AUTO_TO: 'root@127.0.0.1:x', BACKUP_SSH_KEY: '/missing/key' }
    const { exitCode, stdout, stderr } = await space.run(['auto'], env)
    expect([exitCode, stdout]).toEqual([2, expect.stringContaining('auto: ingested files=1 rows=1')])
    expect(stderr).toContain('BACKUP_SSH_KEY: /missing/key cannot be read')
  })
})

async function* emptyStream(): AsyncGenerator<Buffer> {}

async function withBundle(): Promise<Workspace & { bundle: string }> {
  const space = workspace()
  space.write('requests-2025-09-10.jsonl', jsonl([record()]))
  await space.ingest()
  await space.run(['bundle', 'create', '--out', 'bundles/day-2025-09-10.tgz'])
  return { ...space, bundle: join(space.folder, 'bundles/day-2025-09-10.tgz') }
}
