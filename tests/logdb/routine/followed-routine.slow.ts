import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { askFollow } from '../../../logdb/control-socket/ask-follow.ts'
import type { FollowStatus } from '../../../logdb/control-socket/control-protocol.ts'
import { endOf } from '../../helpers/logdb/cli-child.ts'
import { jsonl, record } from '../../helpers/logdb/logs.ts'
import { hasSqlite } from '../../helpers/logdb/sqlite-test.ts'
import { SERVER_ID, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'
import { needing } from '../../helpers/needs.ts'
import { compiledLogdb } from '../../helpers/process/compiled-package.ts'

const DAY = '2025-09-10'
/** Mounts of its own, as a container has them; also for users who are not root. */
const UNSHARE = ['--user', '--map-root-user', '--mount']
const canMount = spawnSync('unshare', [...UNSHARE, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
const followerTest = needing('better-sqlite3, or unshare with mounts,', hasSqlite && canMount)

/** Mounts the folder $1 as logs in the new folder $2, which nobody else sees, and runs the rest there. */
const MOUNTED = 'mount -t tmpfs tmpfs "$2" && mkdir "$2/logs" && mount --bind "$1" "$2/logs" && shift 2 && exec "$@"'

/** A real `ingest --follow` for which the logs are in another folder, until the test ends. */
async function startFollower({ folder, logs, db }: Workspace): Promise<FollowStatus> {
  const there = join('/mnt', 'logs')
  const follow = ['--no-dotenv', 'ingest', '--follow', '--from', there, '--out', join(there, 'db')]
  const command = ['sh', '-c', MOUNTED, 'sh', logs, '/mnt', process.execPath, compiledLogdb(), ...follow]
  const env = { ...process.env, LOGDB_SERVER_ID: SERVER_ID }
  const child = spawn('unshare', [...UNSHARE, ...command], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = endOf(child)
  onTestFinished(async () => {
    child.kill()
    await ended
  })
  for (;;) {
    const status = (await askFollow(db, { job: 'status' }))?.result as FollowStatus | undefined
    if (status?.up_to_date_at) return status
    if (child.exitCode !== null) throw new Error((await ended).stderr)
    await setTimeout(20)
  }
}

followerTest(
  'an ingest --follow that sees the logs in another folder runs the steps, and names them as here',
  async () => {
    const space = workspace()
    space.write(`requests-${DAY}.jsonl`, jsonl([record({ timestamp: `${DAY}T10:00:00.000001Z`, x_request_id: 'one' })]))
    const { from } = await startFollower(space)
    expect(existsSync(from)).toBe(false)
    const [path = ''] = space.partitions()
    // It has the partition open still: only it can close it and seal it.
    const { exitCode, stdout, stderr } = await space.run(['auto', '--wait', '0'])
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`auto: seal ${path} bytes_before=`)
    expect(stdout).toContain(`auto: weekly_merge ${join(space.db, '2025/W37/')}`)
    expect(stdout).not.toContain(from)
    space.write('requests-late.jsonl', jsonl([record({ timestamp: `${DAY}T11:00:00Z`, x_request_id: 'two' })]))
    expect((await space.run(['auto'])).exitCode).toBe(0)
    expect(JSON.parse((await space.run(['list', '--json'])).stdout).result).toHaveLength(2)
  },
)
