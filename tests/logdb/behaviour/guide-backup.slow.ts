import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { chat, jsonl, record } from '../../helpers/logdb/logs.ts'
import { type Project, projects } from '../../helpers/logdb/project.ts'
import { trustHostKey } from '../../helpers/logdb/sent-files.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { findProgram } from '../../helpers/process/programs.ts'
import { describeWithSshServer } from '../../helpers/server/sshd.ts'

const newProject = projects()

const DAY_MS = 86_400_000
const YESTERDAY = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10)

/** With two requests of yesterday in the log database. */
async function filled(): Promise<Project> {
  const project = newProject()
  const times = ['10:00:00.000001Z', '10:10:00.000001Z']
  const records = times.map((time) =>
    record({ timestamp: `${YESTERDAY}T${time}`, x_request_id: time, request: chat(time) }),
  )
  writeFileSync(join(project.logs, `requests-${YESTERDAY}.jsonl`), jsonl(records))
  await project.run('ingest')
  return project
}

/** The part of the guide's daily script that runs on Sundays. */
const WEEKLY = `
cd "$PROJECT"
WEEK=$(date +%Y-%V)
START_DATE=$(date -d '7 days ago' +%Y-%m-%d)
END_DATE=$(date -d 'yesterday' +%Y-%m-%d)
mkdir -p ./bundles
./scripts/logdb bundle create --since $START_DATE --to $END_DATE --out ./bundles/weekly-$WEEK.tgz
if ! ./scripts/logdb bundle verify ./bundles/weekly-$WEEK.tgz; then
  exit 1
fi
`

sqliteTest(
  "the guide's weekly bundle is made and verified, and its script fails with a bundle that is damaged",
  async () => {
    const project = await filled()
    const env = { PROJECT: project.folder }
    const { exitCode, stdout } = project.sh(`cd / && ${WEEKLY}`, env)
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^\.\/bundles\/weekly-\d{4}-\d\d\.tgz\nok\n$/)])
    const damaging = WEEKLY.replace(
      'if !',
      'printf x | dd of=./bundles/weekly-$WEEK.tgz bs=1 seek=200 conv=notrunc 2>/dev/null\nif !',
    )
    expect(project.sh(damaging, env)).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/fail\n$/) })
  },
)

/** The guide's script for a backup on another machine. */
const REMOTE = `
set -e
cd "$PROJECT"
BACKUP_DATE=$(date +%Y%m%d)
./scripts/logdb bundle create --since $(date -d '7 days ago' +%Y-%m-%d) --to $(date +%Y-%m-%d) --out ./tmp_backup-$BACKUP_DATE.tgz
./scripts/logdb bundle transfer ./tmp_backup-$BACKUP_DATE.tgz $REMOTE_HOST:$REMOTE_PATH/backup-$BACKUP_DATE.tgz
rm ./tmp_backup-$BACKUP_DATE.tgz
ssh $REMOTE_HOST "cd $PROJECT && ./scripts/logdb bundle verify $REMOTE_PATH/backup-$BACKUP_DATE.tgz"
`

describeWithSshServer('over a real sshd', (server) => {
  beforeAll(() => trustHostKey(server()))

  test("the guide's remote backup arrives and is verified there", async () => {
    const project = await filled()
    const bin = join(project.folder, 'bin')
    mkdirSync(bin)
    const ssh = join(bin, 'ssh')
    writeFileSync(ssh, `#!/bin/sh\nexec ${findProgram('ssh')} -F ${server().sshConfig} "$@"\n`)
    chmodSync(ssh, 0o755)
    const to = join(server().folder, 'var/backups')
    const env = {
      PROJECT: project.folder,
      REMOTE_HOST: 'server',
      REMOTE_PATH: to,
      PATH: `${bin}:${process.env['PATH']}`,
    }
    const { exitCode, stdout, stderr } = project.sh(REMOTE, env)
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^\.\/tmp_backup-\d{8}\.tgz\nbytes=\d+ sha256=[0-9a-f]{64} verify=ok\nok\n$/)
    expect(readdirSync(to)).toEqual([expect.stringMatching(/^backup-\d{8}\.tgz$/)])
    expect(readdirSync(project.folder).filter((name) => name.startsWith('tmp_backup'))).toEqual([
      expect.stringMatching(/\.metadata\.json$/),
    ])
    expect(existsSync(join(to, 'backup.part'))).toBe(false)
  })
})
