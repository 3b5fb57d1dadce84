import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Ended, endOf } from '../../helpers/logdb/cli-child.ts'
import { contentOf, logsOf, spaceWith } from '../../helpers/logdb/kills/kill-scenarios.ts'
import { fillDisk, smallDisk, smallDiskTest } from '../../helpers/logdb/small-disk.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import type { Workspace } from '../../helpers/logdb/workspace.ts'
import { SERVER_ID, workspace } from '../../helpers/logdb/workspace.ts'
import { compiledLogdb } from '../../helpers/process/compiled-package.ts'

const TIMEOUT_MS = 120_000
const PAGE_BYTES = 8192
/** As POSIX has it for `ulimit -f`. */
const BLOCK_BYTES = 512
const LIMITER = import.meta.resolve('../../helpers/logdb/limit-pages.mjs')
const cli = compiledLogdb()
const logs = logsOf(300)

/** Bad records make control.sqlite3 grow. */
function fresh(): Workspace {
  const space = spaceWith(logs)
  space.write(
    'requests-9.jsonl',
    Array.from({ length: 600 }, (_, index) => `oops ${index} ${'x'.repeat(200)}\n`).join(''),
  )
  return space
}

function run({ folder }: Workspace, command: string[], env: Record<string, string> = {}): Promise<Ended> {
  const [program = '', ...args] = command
  return endOf(
    spawn(program, args, {
      cwd: folder,
      env: { ...process.env, LOGDB_SERVER_ID: SERVER_ID, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
}

const ingest = (space: Workspace) => run(space, [process.execPath, cli, 'ingest'])

let clean: ReturnType<typeof cleanRun> | undefined

/** The clean run that all others are compared with. */
function comparedWith(): ReturnType<typeof cleanRun> {
  clean ??= cleanRun()
  return clean
}

/** A clean run: its content, and how large its files are. */
async function cleanRun() {
  const space = fresh()
  expect(await space.run(['ingest'])).toMatchObject({ exitCode: 0 })
  const content = await contentOf(space)
  const [partition = '', second = ''] = space.partitions()
  return {
    content,
    partitionBytes: Math.min(statSync(partition).size, statSync(second).size),
    controlBytes: statSync(join(space.db, 'control.sqlite3')).size,
  }
}

const partsOf = (bytes: number, parts: number[]) => parts.map((part) => Math.floor(bytes * part))

/** Nothing is lost, nothing is wrong, and with space the next run ends like a clean one. */
async function expectFullAndUnharmed(space: Workspace, ended: Ended, content: unknown, file = ''): Promise<void> {
  expect([ended.code, ended.stderr]).toEqual([5, expect.stringMatching(/No space left|ENOSPC|EFBIG/)])
  expect(ended.stderr).toContain(file)
  expect(await space.run(['audit', '--deep'])).toMatchObject({ exitCode: 0 })
  expect(await space.run(['ingest'])).toMatchObject({ exitCode: 0 })
  expect(await contentOf(space)).toEqual(content)
}

sqliteTest(
  'at a limit on the size of files a run ends with 5, whatever it was writing, and the next one completes it',
  async () => {
    const { content, partitionBytes } = await comparedWith()
    for (const bytes of [0, ...partsOf(partitionBytes, [0.5, 0.95])]) {
      const space = fresh()
      const limited = `ulimit -f ${Math.ceil(bytes / BLOCK_BYTES)}; exec "$@"`
      const ended = await run(space, ['sh', '-c', limited, 'sh', process.execPath, cli, 'ingest'])
      await expectFullAndUnharmed(space, ended, content)
    }
  },
  TIMEOUT_MS,
)

sqliteTest(
  'when a partition, or control.sqlite3 alone, can grow no more, a run ends with 5 and names it',
  async () => {
    const { content, partitionBytes, controlBytes } = await comparedWith()
    const limits = [
      ...partsOf(partitionBytes, [0.9]).map((bytes) => ['ai_proxy_', bytes] as const),
      ...partsOf(controlBytes, [0.2, 0.6, 0.9]).map((bytes) => ['control', bytes] as const),
    ]
    for (const [file, bytes] of limits) {
      const space = fresh()
      const env = { LIMITED_FILE: file, LIMIT_PAGES: String(Math.ceil(bytes / PAGE_BYTES)) }
      const ended = await run(space, [process.execPath, '--import', LIMITER, cli, 'ingest'], env)
      await expectFullAndUnharmed(space, ended, content, file)
    }
  },
  TIMEOUT_MS,
)

sqliteTest(
  'where there is no space a bundle is not made, or not imported, and nothing of it is left',
  async () => {
    const [space, dest] = [spaceWith(logs), workspace()]
    await space.ingest()
    const bundle = join(space.folder, 'w.tgz')
    const create = ['bundle', 'create', '--out', bundle]
    const limited = (bytes: number) => `ulimit -f ${Math.ceil(bytes / BLOCK_BYTES)}; exec "$@"`
    const sizes = space.partitions().map((path) => statSync(path).size)
    const limits = partsOf(Math.min(...sizes), [0.02, 0.3, 0.6])
    for (const bytes of limits) {
      const ended = await run(space, ['sh', '-c', limited(bytes), 'sh', process.execPath, cli, ...create])
      expect([ended.code, ended.stderr]).toEqual([5, expect.stringContaining('DISK_FULL')])
      expect(readdirSync(space.folder)).toEqual(['logs'])
    }
    expect(await space.run(create)).toMatchObject({ exitCode: 0 })
    for (const bytes of limits) {
      const ended = await run(dest, [
        'sh',
        '-c',
        limited(bytes),
        'sh',
        process.execPath,
        cli,
        'bundle',
        'import',
        bundle,
      ])
      expect([ended.code, ended.stderr]).toEqual([5, expect.stringContaining('DISK_FULL')])
      expect(dest.partitions()).toEqual([])
    }
    expect(await dest.run(['bundle', 'import', bundle])).toMatchObject({ exitCode: 0 })
    const rows = 'SELECT * FROM requests ORDER BY request_id'
    expect(await dest.query(rows)).toEqual(await space.query(rows))
  },
  TIMEOUT_MS,
)

smallDiskTest(
  'on a disk that is full a run ends with 5, and with space the next one completes it',
  async () => {
    const { content } = await comparedWith()
    for (const freeKib of [0, 24, 500]) {
      const space = fresh()
      smallDisk(space.db)
      const release = fillDisk(space.db, freeKib)
      const ended = await ingest(space)
      release()
      await expectFullAndUnharmed(space, ended, content)
    }
  },
  TIMEOUT_MS,
)
