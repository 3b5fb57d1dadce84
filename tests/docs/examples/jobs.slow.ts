import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../../kit/package-root.ts'
import { jsonl, record } from '../../helpers/logdb/logs.ts'
import { partitionsBelow, projects } from '../../helpers/logdb/project.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'

const read = (path: string) => readFileSync(join(packageRoot(), path), 'utf8')

/** Where the examples say that the project is. */
const FOLDER = '/opt/ai-proxy'
const CRON_LINE = /^(?:[\d*]+ +){5}(.*)$/gm
const SYSTEMD_LINE = /^ExecStart=(.*)$/gm
const DAY_MS = 86_400_000

const commandsIn = (path: string, line: RegExp) => [...read(path).matchAll(line)].map(([, command = '']) => command)

const newProject = projects()
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)

/** Runs the commands in a project with logs of a day that is kept and of one that is deleted. */
function expectQuietJobs(commands: string[]): void {
  const project = newProject()
  const [kept, old] = [daysAgo(10), daysAgo(500)]
  for (const day of [kept, old]) {
    writeFileSync(
      join(project.logs, `requests-${day}.jsonl`),
      jsonl([record({ timestamp: `${day}T10:00:00.000001Z` })]),
    )
  }
  const outcomes = commands.map((command) => [command, project.sh(command.replaceAll(FOLDER, project.folder))])
  expect(outcomes).toEqual(commands.map((command) => [command, { exitCode: 0, stdout: '', stderr: '' }]))
  const [year = '', month = ''] = kept.split('-')
  const partition = `${year}/${month}/ai_proxy_${kept.replaceAll('-', '')}.sqlite3`
  expect(partitionsBelow(project.db)).toEqual([partition])
  expect(statSync(join(project.db, partition)).mode & 0o222).toBe(0)
}

sqliteTest('the commands of the crontab keep the database up to date, and print nothing', () => {
  const commands = commandsIn('docs/examples/crontab', CRON_LINE)
  expect(commands).toHaveLength(5)
  expectQuietJobs(commands)
})

sqliteTest('so do those of the systemd timer', () => {
  const commands = commandsIn('docs/examples/systemd/ai-proxy-logdb.service', SYSTEMD_LINE)
  expect(commands).toHaveLength(4)
  expectQuietJobs(commands)
})

test('the systemd unit of the gateway runs what npm start runs, in the folder of the other examples', () => {
  const unit = read('docs/examples/systemd/ai-proxy.service')
  const { scripts } = JSON.parse(read('package.json'))
  expect(unit).toContain(`\nExecStart=/usr/bin/${scripts.start}\n`)
  expect(unit).toContain(`\nWorkingDirectory=${FOLDER}\n`)
})
