import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { testAsRoot } from '../helpers/needs.ts'
import { compiledDeploy, compiledLogdb } from '../helpers/process/compiled-package.ts'
import { seededRandom } from '../helpers/random.ts'
import { useDockerThatRunsHere } from '../helpers/server/docker-that-runs-here.ts'
import { addLog, makeLogServer } from '../helpers/server/log-server.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

useDockerThatRunsHere()
const TIMEOUT_MS = 120_000
const DAYS = ['2025-08-01', '2025-09-09', '2025-09-10']

function start(program: string, args: readonly string[], cwd: string) {
  return spawn(process.execPath, [program, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
}

async function run(program: string, args: readonly string[], cwd: string) {
  const child = start(program, args, cwd)
  const [stdout, stderr, [exitCode]] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    once(child, 'close'),
  ])
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() }
}

const pulling = (server: string, ...more: string[]) => [
  ...['logs', 'pull', '--host', 'localhost', '--path', server, '--no-dotenv'],
  ...more,
]
const pull = (cwd: string, ...args: string[]) => run(compiledDeploy(), args, cwd)

/** How many requests the log database here has, and how many different ones. */
async function countHere(cwd: string): Promise<unknown> {
  const sql = 'SELECT count(*) AS all_rows, count(DISTINCT x_request_id) AS different FROM request_details'
  const { stdout, stderr } = await run(compiledLogdb(), ['query', sql, '--json'], cwd)
  expect(stderr).toBe('')
  return JSON.parse(stdout).result[0]
}

testAsRoot(
  'what is new on each server comes here once, and nothing of it is left on the way',
  async () => {
    const cwd = tempFolder()
    const [one, two] = [makeLogServer('one', DAYS), makeLogServer('two', DAYS)]
    const first = await pull(cwd, ...pulling(one))
    expect(first, first.stderr).toMatchObject({
      exitCode: 0,
      stdout: 'localhost  300 new requests, 2025-08-01 to 2025-09-10\n',
    })
    expect((await pull(cwd, ...pulling(one))).stdout).toBe('localhost  nothing new\n')
    addLog(one, 'later', '2025-09-09', 7)
    const { result } = JSON.parse((await pull(cwd, ...pulling(one, '--json'))).stdout)
    expect(result.hosts[0].bundles).toMatchObject([
      { since: '2025-09-09', to: '2025-09-09', imported: 7, identical: 100 },
    ])
    // Several servers, in one log database.
    const both = { localhost: { path: one }, '127.0.0.1': { path: two } }
    writeFileSync(join(cwd, 'deploy.yml'), JSON.stringify({ hosts: both }))
    expect((await pull(cwd, 'logs', 'pull', '--no-dotenv')).stdout).toBe(
      'localhost  nothing new\n127.0.0.1  300 new requests, 2025-08-01 to 2025-09-10\n',
    )
    expect(await countHere(cwd)).toMatchObject({ all_rows: 607, different: 607 })
    const found = await run(compiledLogdb(), ['search', 'two', '--json'], cwd)
    expect(JSON.parse(found.stdout).result.length).toBeGreaterThan(0)
    for (const server of [one, two]) expect(readdirSync(join(server, 'bundles'))).toEqual([])
    expect(readdirSync(join(cwd, 'logs/db/.pull')).filter((name) => !name.endsWith('.json'))).toEqual([])
  },
  TIMEOUT_MS,
)

testAsRoot(
  'one server that fails keeps the others from nothing, and --dry-run changes nothing',
  async () => {
    const cwd = tempFolder()
    const [server, empty] = [makeLogServer('server', DAYS), tempFolder()]
    const both = { localhost: { path: empty }, '127.0.0.1': { path: server } }
    writeFileSync(join(cwd, 'deploy.yml'), JSON.stringify({ hosts: both }))
    const shown = await pull(cwd, ...pulling(server, '--dry-run', '--to', 'elsewhere'))
    // Nothing has read its logs yet.
    expect([shown.stdout, readdirSync(cwd)]).toEqual(['localhost  nothing new\n', ['deploy.yml']])
    const { exitCode, stdout, stderr } = await pull(cwd, 'logs', 'pull', '--no-dotenv', '--to', 'elsewhere')
    expect([exitCode, stdout]).toEqual([
      2,
      'localhost  failed: no gateway runs there yet\n127.0.0.1  300 new requests, 2025-08-01 to 2025-09-10\n',
    ])
    expect(stderr).toContain('Localhost: no gateway runs there yet')
    expect(readdirSync(cwd).sort()).toEqual(['deploy.yml', 'elsewhere'])
  },
  TIMEOUT_MS,
)

testAsRoot(
  'killed anywhere and run again, it brings everything once',
  async () => {
    const cwd = tempFolder()
    const server = makeLogServer('server', DAYS)
    const random = seededRandom(20260901)
    for (let round = 0; round < 4; round++) {
      addLog(server, `round${round}`, '2025-09-10', 10)
      const child = start(compiledDeploy(), pulling(server), cwd)
      const ended = once(child, 'close')
      await Promise.race([ended, delay(300 + random.below(2500))])
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      await ended
    }
    const { exitCode, stderr } = await pull(cwd, ...pulling(server))
    expect(exitCode, stderr).toBe(0)
    expect(await countHere(cwd)).toMatchObject({ all_rows: 340, different: 340 })
    // What a killed run has begun is removed after a week: another pull may be making it.
    expect(readdirSync(join(server, 'bundles')).filter((name) => !name.includes('.new'))).toEqual([])
  },
  TIMEOUT_MS,
)
