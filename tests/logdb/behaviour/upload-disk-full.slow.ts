import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { jsonl, record } from '../../helpers/logdb/logs.ts'
import { MIB, randomFile, trustHostKey } from '../../helpers/logdb/sent-files.ts'
import { allowFiles, fillDisk, smallDisk, smallDiskTest } from '../../helpers/logdb/small-disk.ts'
import { digests, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'
import { describeWithSshServer } from '../../helpers/server/sshd.ts'

/** More than one chunk. */
const SIZE = 6 * MIB
const KIB = 1024

/** A file to send, and a folder where a small disk will be. */
function prepared(): Workspace & { source: string; disk: string } {
  const space = workspace()
  return { ...space, source: randomFile(space.folder, 'week.tgz', SIZE, 1), disk: join(space.folder, 'disk') }
}

/** It fails with a clear error and leaves the source alone; with space it completes. */
async function expectFullThenWhole(
  { run, source }: ReturnType<typeof prepared>,
  args: string[],
  { arrivedAt, makeRoom }: { arrivedAt: string; makeRoom: () => void },
): Promise<void> {
  const before = digests([source])
  const { exitCode, stdout, stderr } = await run(['bundle', 'transfer', source, ...args])
  expect([exitCode, stdout]).toEqual([5, ''])
  expect(stderr).toMatch(/^✖ There is no space at the destination: .*: No space left on device\.?\nHint: .*DISK_FULL/)
  expect([digests([source]), existsSync(arrivedAt)]).toEqual([before, false])
  makeRoom()
  expect(await run(['bundle', 'transfer', source, ...args])).toMatchObject({ exitCode: 0, stderr: '' })
  expect([digests([source]), digests([arrivedAt])]).toEqual([before, before])
}

/** @param to where the disk is, and options */
function uploadTests(to: (disk: string) => string[]): void {
  for (const freeKib of [0, 64, SIZE / KIB / 2, SIZE / KIB - 4]) {
    smallDiskTest(`with ${freeKib} KiB free it stops, and with space it completes`, async () => {
      const space = prepared()
      smallDisk(space.disk)
      const makeRoom = fillDisk(space.disk, freeKib)
      const arrivedAt = join(space.disk, 'week.tgz')
      await expectFullThenWhole(space, to(arrivedAt), { arrivedAt, makeRoom })
    })
  }
  for (const [inodes, what] of ['a folder', 'a folder in it', 'the file'].entries()) {
    smallDiskTest(`where ${what} can no longer be made it stops, and then it completes`, async () => {
      const space = prepared()
      smallDisk(space.disk, inodes)
      const folder = join(space.disk, 'new/deep')
      const arrivedAt = join(folder, 'week.tgz')
      await expectFullThenWhole(space, to(`${folder}/`), { arrivedAt, makeRoom: () => allowFiles(space.disk) })
    })
  }
}

describe('to a folder', () => {
  uploadTests((path) => [path])

  smallDiskTest(
    'where auto cannot note that a bundle has arrived it says so, and the next run completes it',
    async () => {
      const space = workspace()
      const [bundles, copies] = [join(space.folder, 'bundles'), join(space.folder, 'copies')]
      mkdirSync(bundles)
      smallDisk(bundles)
      space.write('requests-2025-09-10.jsonl', jsonl([record()]))
      await space.ingest()
      await space.run(['bundle', 'create', '--out', 'bundles/day-2025-09-10.tgz'])
      const bundle = join(bundles, 'day-2025-09-10.tgz')
      const before = digests([bundle])
      const makeRoom = fillDisk(bundles, 0)
      const upload = ['auto', '--min-free', '0', '--to', copies]
      const full = await space.run(upload)
      expect([full.exitCode, full.stderr]).toEqual([5, expect.stringContaining('DISK_FULL')])
      expect(digests([bundle])).toEqual(before)
      makeRoom()
      expect(await space.run(upload)).toMatchObject({ exitCode: 0, stderr: '' })
      expect(digests([join(copies, 'day-2025-09-10.tgz')])).toEqual(before)
      expect((await space.run(upload)).stdout).not.toContain('auto: upload')
    },
  )
})

describeWithSshServer('over SSH', (server) => {
  uploadTests((path) => {
    trustHostKey(server())
    return [`server:${path}`, '--ssh-config', server().sshConfig]
  })
})
