import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { deploy } from '../../../deploy/commands/deploy.ts'
import { listBackups } from '../../../deploy/commands/list-backups.ts'
import { restoreBackup } from '../../../deploy/commands/restore-backup.ts'
import { rollback } from '../../../deploy/commands/rollback.ts'
import { readOptions } from '../../../deploy/local/options.ts'
import type { Context } from '../../../deploy/session/context.ts'
import { type Outcome, report } from '../../../deploy/session/shown/report.ts'
import { toUserError } from '../../../kit/cli/command-errors.ts'
import { describeNeeding, isRoot } from '../../helpers/needs.ts'
import { findProgram } from '../../helpers/process/programs.ts'
import { testTerminal } from '../../helpers/process/test-terminal.ts'
import { type StandInServer, startStandInServer } from '../../helpers/server/stand-in-server.ts'
import { makeAuthority } from '../../helpers/server/tls-server.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'

const DOMAIN = 'llm.test.invalid'
const canRun = isRoot && ['openssl', 'flock', 'setsid'].every((program) => findProgram(program) !== null)

/** The tests tell one story, in order; only Docker and Traefik are stand-ins. */
describeNeeding('root, openssl or flock', canRun)('a server from its first deploy on', () => {
  const folder = sharedTempFolder()
  const cwd = join(folder, 'clone')
  let server: StandInServer
  let url: string
  let releases: string[] = []
  let second = 0

  beforeAll(async () => {
    const authority = makeAuthority(folder)
    const port = await freePort()
    url = `https://${DOMAIN}:${port}`
    server = startStandInServer(folder, authority, DOMAIN, port)
    vi.stubEnv('PATH', server.path)
    mkdirSync(cwd)
    writeFileSync(join(cwd, 'config.yml'), 'model_mappings: { gpt: "openai:gpt-5" }\n')
    writeFileSync(join(cwd, '.env'), `OPENAI_API_KEY=sk\nHTTP_PORT=${port + 1}\nHTTPS_PORT=${port}\n`)
  })
  afterAll(() => {
    vi.unstubAllEnvs()
    server?.close()
  })

  /** Runs an action as the program does, one second after the previous one. */
  async function run(action: (context: Context) => Promise<Outcome>, flags: { json?: boolean; caFile?: string } = {}) {
    const terminal = testTerminal()
    const all = { host: 'localhost', path: server.folder, domain: DOMAIN, yes: true, dotenv: true }
    const trust = { resolve: [`${DOMAIN}:127.0.0.1`], caFile: join(folder, 'ca.pem') }
    const options = readOptions({ ...all, ...trust, ...flags }, {}, {}, cwd)
    const now = new Date(Date.UTC(2026, 10, 24, 0, 0, second++))
    const outcome = await action({ options, terminal, now }).catch((error) => ({
      error: toUserError(error, 'ai-deploy', ''),
    }))
    const exitCode = report(terminal, 'verb', options.isJson, outcome)
    return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr, calls: server.calls() }
  }

  const state = () => JSON.parse(server.read('state.json'))
  const live = () => /http:\/\/ai-proxy-([\w-]+):8123/.exec(server.read('edge/dynamic/app.yml'))?.[1]
  const addModel = (name: string) =>
    writeFileSync(join(cwd, 'config.yml'), `model_mappings: { gpt: "openai:gpt-5", ${name}: "openai:${name}" }\n`)
  const name = (release = '') => `ai-proxy-${release}`

  test('the first deploy makes everything, and shows the key even if the certificate is missing', async () => {
    const other = join(folder, 'other-ca.pem')
    writeFileSync(other, makeAuthority(mkdtempSync(join(folder, 'other-'))).ca)
    server.setAcmeLog('{"level":"error","message":"unable to get an ACME certificate","error":"port 80 is closed"}\n')
    const { exitCode, stdout, stderr, calls } = await run(deploy, { caFile: other })
    server.setAcmeLog('')
    expect(exitCode, stderr).toBe(40)
    const [, key] = /^API_KEY=(sk-\S+)\n$/.exec(stdout) ?? []
    expect(key).toBeDefined()
    expect(stderr).toContain(`✖ The gateway runs, but ${DOMAIN} has no valid certificate (`)
    expect(stderr).toContain('): port 80 is closed.\n')
    const release = live()
    expect(release).toBe('20261124-000000')
    releases = [release ?? '']
    expect(calls).toEqual([
      expect.stringMatching(/^build ai-proxy:[0-9a-f]{12}$/),
      'up ai-proxy-edge',
      `up ${name(release)}`,
      `--restart=unless-stopped ${name(release)}`,
    ])
    expect(state()).toMatchObject({ live: { release, instance: release }, previous: null })
    expect(readlinkSync(join(server.folder, 'current'))).toBe(`releases/${release}`)
    expect(server.read('.env')).toContain(`API_KEYS=${key}\n`)
    expect(statSync(join(server.folder, '.env')).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(server.folder, 'releases', release ?? ''))).toContain('context')
    expect(readdirSync(join(server.folder, 'edge/dynamic'))).toEqual(['app.yml'])
  })

  test('the next one has nothing to do, and changes nothing', async () => {
    const before = server.read('audit.jsonl')
    const { exitCode, stdout, stderr, calls } = await run(deploy)
    expect([exitCode, stdout, calls]).toEqual([0, `${url}\n`, []])
    expect(stderr).toContain(`Nothing to change: ${url} answers as it should.\n`)
    expect(server.read('audit.jsonl')).toBe(before)
  })

  test('a changed config.yml is a new release of the same image, which takes over', async () => {
    addModel('one')
    const { exitCode, stdout, stderr, calls } = await run(deploy)
    expect([exitCode, stdout], stderr).toEqual([0, `${url}\n`])
    expect(stderr).toContain(`${url} answers, completions included`)
    const [first = ''] = releases
    releases.push(live() ?? '')
    const [, next = ''] = releases
    expect(next > first).toBe(true)
    expect(stderr).toContain(`  - start release ${next} next to ${first} and let it take over (changed: config.yml)\n`)
    expect(stderr).toContain('\n        +model_mappings: { gpt: "openai:gpt-5", one: "openai:one" }\n')
    expect(stderr).toContain('--rollback        switches back to the previous release\n')
    expect(calls).toEqual([
      `up ${name(next)}`,
      `--restart=unless-stopped ${name(next)}`,
      `--restart=no ${name(first)}`,
      `stop ${name(first)}`,
    ])
    expect(server.containers()).toEqual({ [name(first)]: 'exited no', [name(next)]: 'running unless-stopped' })
    expect(state().previous).toEqual({ release: first, instance: first })
  })

  test('a release that ends by itself never takes over', async () => {
    addModel('two')
    server.setCrashing(true)
    const before = live()
    const { exitCode, stderr, calls } = await run(deploy)
    server.setCrashing(false)
    expect(exitCode).toBe(31)
    expect(stderr).toContain('✖ The new release ended by itself. Its last lines:\na line of its log')
    expect(calls.map((call) => call.split(' ')[0])).toEqual(['up', '--restart=no', 'stop'])
    expect(live()).toBe(before)
    expect(JSON.parse(server.read('audit.jsonl').trim().split('\n').at(-1) ?? '')).toMatchObject({
      verb: 'deploy',
      result: 'RELEASE_UNHEALTHY',
    })
  })

  test('a rollback switches back to the kept release, and forward again', async () => {
    const [first = '', next = ''] = releases
    const { exitCode, stdout, stderr, calls } = await run(rollback)
    expect([exitCode, stdout]).toEqual([0, `${url}\n`])
    expect(stderr).toContain(`  - switch from release ${next} back to release ${first}\n`)
    expect(calls).toEqual([
      `start ${name(first)}`,
      `--restart=unless-stopped ${name(first)}`,
      `--restart=no ${name(next)}`,
      `stop ${name(next)}`,
    ])
    expect([live(), state().previous.release]).toEqual([first, next])
    expect((await run(rollback)).exitCode).toBe(0)
    expect(live()).toBe(next)
  })

  test('a live release whose container is gone is started again', async () => {
    const [, next = ''] = releases
    addModel('one')
    writeFileSync(join(server.folder, '../bin/state/containers', name(next)), `exited\n${next}\nunless-stopped\n`)
    const { exitCode, stderr, calls } = await run(deploy)
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toContain(`  - start release ${next}, which is not running\n`)
    expect(calls).toEqual([`start ${name(next)}`, `--restart=unless-stopped ${name(next)}`])
  })

  test('a backup that a deploy wrote is restored as a new release', async () => {
    const listed = JSON.parse((await run(listBackups, { json: true })).stdout).result.backups
    // Of the attempts that started from the same release only the last one has left a backup.
    expect(listed).toHaveLength(2)
    const oldest = listed.at(-1).name
    const { exitCode, stderr, calls } = await run((context) =>
      restoreBackup(context, { file: oldest, includesCerts: true }),
    )
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toContain(`On localhost, from ${oldest}:\n  - put its certificates in place\n`)
    expect(releases).not.toContain(live())
    expect(server.read(`releases/${live()}/config.yml`)).toBe('model_mappings: { gpt: "openai:gpt-5" }\n')
    expect(calls.slice(0, 2)).toEqual(['restart ai-proxy-edge', `up ${name(live())}`])
    const left = readdirSync(server.folder).filter((file) => file.startsWith('.restore') || file === 'certs.before')
    expect(left).toEqual([])
    expect(existsSync(join(server.folder, 'certs/acme.json'))).toBe(true)
  })

  test('restoring what the server runs already changes nothing', async () => {
    const listed = JSON.parse((await run(listBackups, { json: true })).stdout).result.backups
    const file = listed.at(-1).name
    const { exitCode, stdout, stderr, calls } = await run((context) =>
      restoreBackup(context, { file, includesCerts: false }),
    )
    expect([exitCode, stdout, calls]).toEqual([0, `${url}\n`, []])
    expect(stderr).toBe(`The server already runs what is in ${file}.\n`)
  })
})

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  listener.close()
  await once(listener, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
