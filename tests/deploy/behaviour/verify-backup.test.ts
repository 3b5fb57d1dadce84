import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { beforeAll, expect, test } from 'vitest'
import { sha256 } from '../../../kit/sha256.ts'
import { describeNeeding, isRoot } from '../../helpers/needs.ts'
import { output } from '../../helpers/process/programs.ts'
import { runCli, runMain } from '../../helpers/process/run-ai-deploy.ts'
import { IMAGE, useDockerThatRunsHere } from '../../helpers/server/docker-that-runs-here.ts'
import { sharedTempFolder, tempFolder } from '../../helpers/temp-folder.ts'

const RELEASE = '20261123-101112'
const WHOLE = 'logs/db/a.sqlite3'
/** Each test runs several processes. */
const TIME_LIMIT_MS = 90_000
const BROKEN = 'logs/db/b.sqlite3'
const MANIFEST = { version: 1, id: RELEASE, image: IMAGE, content: '', createdAt: '', files: {} }

describeNeeding('root', isRoot)('the log databases of a backup', () => {
  useDockerThatRunsHere()
  const made = sharedTempFolder()
  beforeAll(() => {
    mkdirSync(join(made, 'logs/db'), { recursive: true })
    const database = new Database(join(made, WHOLE))
    database.exec('CREATE TABLE t (x); CREATE INDEX i ON t (x)')
    database.exec(
      'INSERT INTO t WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 3000) SELECT x FROM n',
    )
    database.close()
    const bytes = readFileSync(join(made, WHOLE))
    bytes.fill(7, 8192, 12_288)
    writeFileSync(join(made, BROKEN), bytes)
    writeFileSync(join(made, '.env'), 'A=1\n')
  })

  /** A backup with both databases, on a server that has a release and its image, or none. */
  function server(inconsistent: Record<string, string>, { image = IMAGE } = {}) {
    const folder = tempFolder({ [`releases/${RELEASE}/manifest.json`]: JSON.stringify({ ...MANIFEST, image }) })
    const archive = join(folder, 'archive')
    cpSync(made, archive, { recursive: true })
    const files = Object.fromEntries(
      [WHOLE, BROKEN, '.env'].map((path) => [path, sha256(readFileSync(join(made, path)))]),
    )
    const summary = {
      version: 1,
      counter: 1,
      createdAt: '2026-11-23T00:00:00Z',
      release: null,
      domain: 'a.example.com',
    }
    const consistent = Object.keys(inconsistent).length === 0
    const more = { defaultDomain: null, hasLogs: true, consistent, inconsistent, content: '', files }
    writeFileSync(join(archive, 'backup.json'), JSON.stringify({ ...summary, ...more }, null, 2))
    mkdirSync(join(folder, 'backups'))
    output('tar', '-czf', join(folder, 'backups/b.tar.gz'), '-C', archive, 'backup.json', '.env', 'logs')
    const cwd = join(folder, 'backups')
    const verify = ['backup', 'verify', '--host', 'localhost', '--path', folder]
    const run = (...args: string[]) => runMain([...verify, ...args], { cwd })
    /** In a separate process, where relative paths begin at its folder. */
    const runThere = (...args: string[]) => {
      const { NODE_PATH = '', COMPILED = '' } = process.env
      return runCli([...verify, ...args], { cwd, env: { NODE_PATH, COMPILED } })
    }
    return { run, runThere, left: () => readdirSync(join(folder, 'backups')) }
  }

  test(
    'that are named as doubtful are judged, and the copies are removed',
    async () => {
      const { run, runThere, left } = server({ [WHOLE]: 'SQLITE_BUSY', [BROKEN]: 'SQLITE_CORRUPT' })
      const results = [
        ['b.tar.gz', await run('b.tar.gz')],
        ['./b.tar.gz', await runThere('./b.tar.gz')],
      ] as const
      for (const [file, { exitCode, stdout, stderr }] of results) {
        expect(exitCode, stderr).toBe(0)
        expect(stdout.split('\n')).toEqual([
          `${file}: all 3 files are as they were written`,
          '1 of 2 log databases are whole',
          `${WHOLE} was copied as it is (SQLITE_BUSY); it is whole`,
          expect.stringMatching(/^logs\/db\/b\.sqlite3 was copied as it is \(SQLITE_CORRUPT\); it is damaged: Tree /),
          '',
        ])
      }
      expect(left()).toEqual(['b.tar.gz'])
    },
    TIME_LIMIT_MS,
  )

  test(
    'that should be consistent and are not make the backup a damaged one',
    async () => {
      const { run } = server({})
      const { exitCode, stdout } = await run('b.tar.gz', '--json')
      expect([exitCode, JSON.parse(stdout).error]).toMatchObject([
        50,
        { code: 'BACKUP_DAMAGED', message: expect.stringMatching(/^b\.tar\.gz is damaged: logs\/db\/b\.sqlite3 \(/) },
      ])
    },
    TIME_LIMIT_MS,
  )

  test(
    'are not judged where no image is there, and the result says so',
    async () => {
      const { run } = server({ [BROKEN]: 'SQLITE_BUSY' }, { image: 'ai-proxy:ffffffffffff' })
      const { exitCode, stdout } = await run('b.tar.gz', '--json')
      expect([exitCode, JSON.parse(stdout).result]).toMatchObject([
        0,
        { databases: [], not_judged: 'no image of a release is on the server' },
      ])
    },
    TIME_LIMIT_MS,
  )
})
