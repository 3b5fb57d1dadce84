import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { editConfig } from '../../../deploy/commands/config/config-edit.ts'
import { pullConfig } from '../../../deploy/commands/config/config-pull.ts'
import { pushConfig } from '../../../deploy/commands/config/config-push.ts'
import { deploy } from '../../../deploy/commands/deploy.ts'
import { editEnv } from '../../../deploy/commands/env/env-edit.ts'
import { listEnv } from '../../../deploy/commands/env/env-list.ts'
import { setEnv } from '../../../deploy/commands/env/env-set.ts'
import { unsetEnv } from '../../../deploy/commands/env/env-unset.ts'
import { doctor } from '../../../deploy/commands/look/doctor/doctor.ts'
import { execInGateway } from '../../../deploy/commands/look/exec.ts'
import { showLogs } from '../../../deploy/commands/look/logs.ts'
import { status } from '../../../deploy/commands/look/status.ts'
import { testGateway } from '../../../deploy/commands/look/test-gateway.ts'
import { rollback } from '../../../deploy/commands/rollback.ts'
import { prune } from '../../../deploy/commands/upkeep/prune.ts'
import { remove } from '../../../deploy/commands/upkeep/remove.ts'
import { upgrade } from '../../../deploy/commands/upkeep/upgrade.ts'
import { UserError } from '../../../kit/user-error.ts'
import { describeWithStandIn, type StandInProject, startStandInProject } from '../../helpers/server/stand-in-project.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'
import { SCHEMAS } from './day-two-schemas.ts'

const SECRET = 'sk-never-shown-anywhere'
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true })

/** The JSON of a verb, which must fit its schema. */
function valid(verb: keyof typeof SCHEMAS, stdout: string) {
  const { result, ok, error } = JSON.parse(stdout)
  const check = ajv.compile(SCHEMAS[verb])
  expect([check(result), check.errors]).toEqual([true, null])
  return { result, ok, error }
}

describeWithStandIn('a deployed server', () => {
  let project: StandInProject
  let restore: () => void
  const folder = sharedTempFolder()
  beforeAll(async () => {
    project = await startStandInProject(folder)
    expect((await project.run(status)).stdout).toContain('live         no release yet\n')
    expect((await project.run(deploy)).exitCode).toBe(0)
    restore = project.server.save()
  })
  beforeEach(() => {
    restore()
    writeFileSync(join(project.cwd, 'config.yml'), 'model_mappings: { gpt: "openai:gpt-5" }\n')
  })
  afterAll(() => project?.close())

  const env = () => project.server.read('.env')
  const withEditor = (script: string) => {
    const path = join(folder, 'editor')
    writeFileSync(path, `#!/bin/sh\n${script}\n`)
    chmodSync(path, 0o755)
    return { terminal: { env: { EDITOR: path } } }
  }

  test('status shows what runs, and fails where the gateway does not answer', async () => {
    project.server.setReadings(
      'in_flight=2\nwaiting=0\nlost=0\nlast_record=1795000000\nlast_ingest=1794990000\nbehind=4096\n',
    )
    const json = await project.run(status, { json: true })
    const { result } = valid('status', json.stdout)
    expect(json.exitCode).toBe(0)
    expect(result).toMatchObject({
      url: project.url,
      live: { release: project.live(), verb: 'deploy', by: expect.stringContaining(' as root') },
      health: { inside: { ok: true }, outside: { ok: true } },
      requests_in_flight: 2,
      logs: { behind_bytes: 4096, last_ingest: '2026-11-18T08:20:00Z' },
      draining: [],
      hold: null,
      lock: null,
    })
    const { stdout } = await project.run(status)
    expect(stdout).toMatch(/^live {9}\d{8}-\d{6}, took over .* ago, by .* as root \(deploy\)$/m)
    expect(stdout).toContain('inside       answers as it should\n')
    const container = `ai-proxy-${project.live()}`
    project.server.setContainer(container, 'exited', 'unless-stopped')
    const down = await project.run(status, { json: true })
    expect(down.exitCode).toBe(41)
    expect(valid('status', down.stdout).result.health.outside).toMatchObject({
      ok: false,
      problem: expect.stringContaining('502'),
    })
  })

  test('logdb auto runs hourly, and status and doctor show its last run', async () => {
    const { server } = project
    expect(server.crontab()).toBe(`17 * * * * sh ${server.folder}/scripts/logdb-routine # ai-deploy: logdb auto\n`)
    const shown = (await project.run(status)).stdout
    expect(shown).toMatch(/^logdb auto {3}never ran yet; next run \d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/m)
    mkdirSync(join(server.folder, 'routine'))
    const output = Buffer.from('{"ok":true,"result":{"steps":[],"more":true}}').toString('base64')
    const last = (exitCode: number, more: string) =>
      server.write('routine/last', `started=1795000000\nended=1795000060\nexit_code=${exitCode}\n${more}\n`)
    last(0, `output=${output}`)
    expect(valid('status', (await project.run(status, { json: true })).stdout).result.routine).toMatchObject({
      last_run: { started_at: '2026-11-18T11:06:40Z', ended_at: '2026-11-18T11:07:40Z', ok: true, problem: null },
      more: true,
      running: false,
    })
    expect((await project.run(doctor)).stdout).toMatch(/^pass {2}logdb auto +its last run ended well$/m)
    last(1, `problems=${Buffer.from('a line\ncannot pull it\n').toString('base64')}`)
    const failed = await project.run(status)
    expect(failed.stdout).toContain(': FAILED: cannot pull it; next run ')
    expect(failed.stderr).toContain('Note: the last run of logdb auto failed: cannot pull it.\n')
    expect((await project.run(doctor)).stdout).toMatch(/^FAIL {2}logdb auto +its last run failed: cannot pull it\n/m)
    const error = { code: 'REMOTE_UNREACHABLE', message: 'the host key is not known', hint: 'set it in .env' }
    last(6, `output=${Buffer.from(JSON.stringify({ ok: false, error })).toString('base64')}`)
    const stderr = 'Note: the last run of logdb auto failed: the host key is not known; set it in .env.\n'
    expect((await project.run(status)).stderr).toContain(stderr)
    const shownHint = /^FAIL {2}logdb auto +its last run failed: the host key is not known\n.*set it in \.env/m
    expect((await project.run(doctor)).stdout).toMatch(shownHint)
  })

  test('logdb auto runs as often as .env says, and not after a removal', async () => {
    const set = (word: string) => project.run((context) => setEnv(context, [word]))
    expect((await set('LOGDB_ROUTINE=daily')).stderr).toContain("run logdb auto daily with root's crontab\n")
    expect(project.server.crontab()).toMatch(/^17 3 \* \* \* /)
    expect((await set('LOGDB_ROUTINE=never')).stderr).toContain('run logdb auto no longer\n')
    expect([project.server.crontab(), project.server.has('scripts/logdb-routine')]).toEqual(['', false])
    expect((await set('LOGDB_ROUTINE=hourly')).exitCode).toBe(0)
    expect((await project.run((context) => remove(context, false))).exitCode).toBe(0)
    expect([project.server.crontab(), project.server.has('scripts')]).toEqual(['', false])
  })

  test('LOGUI brings the Logs UI with a release, which takes it back, and a removal removes it', async () => {
    const { server } = project
    const set = (word: string) => project.run((context) => setEnv(context, [word]))
    const on = await set('LOGUI=true')
    expect(on.exitCode, on.stderr).toBe(0)
    expect(on.calls).toContain('up ai-proxy-ui')
    const release = project.live() ?? ''
    expect(server.containers()).toMatchObject({ 'ai-proxy-ui': 'running unless-stopped' })
    expect(server.read('edge/dynamic/ui.yml')).toContain('http://ai-proxy-ui:8124')
    expect(statSync(join(server.folder, `releases/${release}/ui.env`)).mode & 0o777).toBe(0o600)
    expect((await project.run(status)).stdout).toContain(`logs ui      ${project.url}/ui/\n`)
    server.setContainer('ai-proxy-logs', 'exited', 'unless-stopped')
    expect((await project.run(status)).stdout).toContain('/ui/, DOES NOT RUN\n')
    const mended = await project.run(deploy)
    expect([mended.exitCode, mended.calls], mended.stderr).toEqual([0, ['up ai-proxy-ui']])
    const back = await project.run((context) => rollback(context))
    expect(back.exitCode, back.stderr).toBe(0)
    expect([server.has('edge/dynamic/ui.yml'), Object.keys(server.containers())]).toEqual([
      false,
      expect.not.arrayContaining(['ai-proxy-ui']),
    ])
  })

  test('logs shows each part, since a time or its last lines, and knows no other', async () => {
    const logs = (flags: Parameters<typeof showLogs>[1], json = false) =>
      project.run((context) => showLogs(context, flags), { json })
    expect((await logs({})).stdout).toContain('a line of its log\n')
    writeFileSync(
      join(project.server.folder, 'logs/requests-2026-11-24.jsonl'),
      ['10', '12', '11'].map((hour) => `{"v":1,"timestamp":"2026-11-24T${hour}:00:00.000001Z"}\n`).join(''),
    )
    const since = await logs({ part: 'requests', since: '2026-11-24T11:00' }, true)
    expect(
      valid('logs', since.stdout).result.lines.map((line: string) => JSON.parse(line).timestamp.slice(11, 13)),
    ).toEqual(['11', '12'])
    expect((await logs({ part: 'requests', lines: '1' })).stdout).toBe(
      '{"v":1,"timestamp":"2026-11-24T12:00:00.000001Z"}\n',
    )
    for (const wrong of [{ part: 'nothing' }, { since: 'tomorrow' }, { lines: 'x' }]) {
      expect(await logs(wrong)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('(USAGE') })
    }
    expect(await logs({ follow: true }, true)).toMatchObject({ exitCode: 2 })
  })

  test('exec has the output and the exit code of the command, and passes stdin on', async () => {
    const run = (argv: string[], json = false) => project.run((context) => execInGateway(context, argv), { json })
    expect(await run(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toMatchObject({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    })
    const json = await run(['echo', 'a  b'], true)
    expect(valid('exec', json.stdout).result).toEqual({ exit_code: 0, stdout: 'a  b\n', stderr: '' })
    const readIn = async () => Buffer.from('piped')
    expect(
      await project.run((context) => execInGateway(context, ['cat'], true), { terminal: { readIn } }),
    ).toMatchObject({ stdout: 'piped' })
  })

  test('doctor passes on what a deploy needs, and names what is missing with its remedy', async () => {
    project.server.write('.env', `${env()}ACME_CA_SERVER=${await project.server.caDirectory()}\n`)
    const { exitCode, stdout } = await project.run(doctor, { json: true })
    const names = valid('doctor', stdout)
      .result.checks.filter(({ ok }: { ok: boolean }) => !ok)
      .map(({ name }: { name: string }) => name)
    // Nobody listens on the HTTP port of the stand-in.
    const port = Number(new URL(project.url).port) + 1
    expect([exitCode, names]).toEqual([13, [`way to ${port}`]])
    writeFileSync(join(project.cwd, 'config.yml'), 'model_mappings: []\n')
    project.server.setContainer(`ai-proxy-${project.live()}`, 'exited', 'unless-stopped')
    const bad = await project.run(doctor)
    expect(bad.stdout).toMatch(/^FAIL {2}config\.yml +.*found \[\], allowed: object\n {6}correct/m)
    expect(bad.stdout).toMatch(/^FAIL {2}gateway +is stopped\n {6}run a deploy, which repairs it$/m)
  })

  test('doctor says why there is no connection', async () => {
    const connect = async () => {
      throw new UserError('SSH_AUTH', 'no key fits', { hint: 'copy one', exitCode: 10 })
    }
    const { exitCode, stdout } = await project.run(doctor, { connect })
    expect(exitCode).toBe(10)
    expect(stdout).toMatch(/^FAIL {2}ssh +no key fits\n {6}copy one$/m)
  })

  test('test sends requests with a key of the server, and asks a model of each provider', async () => {
    const passed = await project.run((context) => testGateway(context, 'server'), { json: true })
    const { result } = valid('test', passed.stdout)
    expect([passed.exitCode, result.from]).toEqual([0, 'server'])
    expect(result.checks.map(({ name }: { name: string }) => name)).toEqual([
      'health',
      'models',
      'chat',
      'stream',
      'openai',
    ])
    project.server.setContainer(`ai-proxy-${project.live()}`, 'exited', 'unless-stopped')
    const failed = await project.run((context) => testGateway(context, undefined))
    expect([failed.exitCode, failed.stdout]).toEqual([
      42,
      expect.stringMatching(/^FAIL {2}health +GET \/health answers 502/m),
    ])
    expect((await project.run((context) => testGateway(context, 'moon'))).exitCode).toBe(2)
  })

  test('env set takes a secret from stdin only, makes a release of it, and shows it nowhere', async () => {
    const set = (words: string[], flags = {}) => project.run((context) => setEnv(context, words), flags)
    const refused = await set([`ANTHROPIC_API_KEY=${SECRET}`])
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('ANTHROPIC_API_KEY is a secret') })
    const before = project.live()
    const terminal = { readIn: async () => Buffer.from(`${SECRET}\n`) }
    const changed = await set(['ANTHROPIC_API_KEY'], { terminal })
    expect(changed.exitCode, changed.stderr).toBe(0)
    expect(changed.stderr).toContain("set in the server's .env: ANTHROPIC_API_KEY\n")
    expect(env()).toContain(`ANTHROPIC_API_KEY=${SECRET}\n`)
    expect(project.live()).not.toBe(before)
    for (const text of [refused, changed].flatMap(({ stdout, stderr }) => [stdout, stderr]))
      expect(text).not.toContain(SECRET)
    expect(project.server.read('audit.jsonl')).not.toContain(SECRET)
    const listed = await project.run(listEnv)
    expect(listed.stdout).toContain('ANTHROPIC_API_KEY=***\n')
    expect(listed.stdout).toContain('WATCH_S=0\n')
    const json = valid('env list', (await project.run(listEnv, { json: true })).stdout)
    expect(json.result.variables).toContainEqual({
      name: 'ANTHROPIC_API_KEY',
      value: null,
      read_by: 'gateway',
      is_in_effect: true,
    })
    expect((await project.run((context) => unsetEnv(context, ['ANTHROPIC_API_KEY']))).exitCode).toBe(0)
    expect(env()).not.toContain('ANTHROPIC_API_KEY')
  })

  test('env set of what the gateway does not read makes no release; what is wrong or unknown is refused', async () => {
    const set = (...words: string[]) => project.run((context) => setEnv(context, words))
    const before = project.live()
    const { exitCode, stderr } = await set('WATCH_S=0', 'WARM_S=1')
    expect([exitCode, project.live()], stderr).toEqual([0, before])
    expect(env()).toContain('WARM_S=1\n')
    const text = env()
    expect(await set('WARM_S=long')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('allowed: a whole number'),
    })
    expect(await set('NONSENSE=1')).toMatchObject({ exitCode: 2 })
    expect(await set('1=2')).toMatchObject({ exitCode: 2 })
    expect(await set('OPENAI_API_KEY')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('There is no value'),
    })
    const unset = (...names: string[]) => project.run((context) => unsetEnv(context, names))
    expect(await unset('API_KEYS')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('needs API_KEYS') })
    expect(await unset('MISSING')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('has no MISSING') })
    expect(env()).toBe(text)
  })

  test('env edit shows no secret to the editor, and keeps what is masked', async () => {
    const seen = join(folder, 'seen')
    const { exitCode, stderr } = await project.run(
      editEnv,
      withEditor(`cp "$1" ${seen}; sed -i s/^WARM_S=.*/WARM_S=2/ "$1"`),
    )
    expect(exitCode, stderr).toBe(0)
    expect(readFileSync(seen, 'utf8')).toContain('API_KEYS=***\n')
    expect(env()).toMatch(/^API_KEYS=sk-/m)
    expect(env()).toContain('WARM_S=2\n')
    const text = env()
    expect(await project.run(editEnv, withEditor('echo "what is this" >> "$1"'))).toMatchObject({ exitCode: 2 })
    expect(await project.run(editEnv, withEditor('sed -i "s/^API_KEYS=.*/API_KEYS=x***/" "$1"'))).toMatchObject({
      exitCode: 2,
    })
    expect(await project.run(editEnv, withEditor('exit 1'))).toMatchObject({ exitCode: 2 })
    expect(env()).toBe(text)
  })

  test('config pull fetches, push sends, and a plain deploy from a folder without a file keeps the live one', async () => {
    const path = join(project.cwd, 'config.yml')
    const pull = (flags = {}) => project.run((context) => pullConfig(context, undefined), flags)
    expect(valid('config pull', (await pull({ json: true })).stdout).result.changed).toBe(false)
    project.addModel('mine')
    const refused = await pull({ yes: false })
    expect(refused).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('-model_mappings: { gpt: "openai:gpt-5", mine'),
    })
    const before = project.live()
    expect((await project.run((context) => pushConfig(context, undefined))).exitCode).toBe(0)
    expect(project.live()).not.toBe(before)
    writeFileSync(path, 'nonsense: true\n')
    expect((await project.run((context) => pushConfig(context, undefined))).exitCode).toBe(2)
    expect((await pull()).exitCode).toBe(0)
    expect(readFileSync(path, 'utf8')).toContain('mine')
    rmSync(path)
    const plain = await project.run(deploy)
    expect(plain.stderr).toContain('Nothing to change')
  })

  test('what config edit changed on the server stays with --yes, until it is pushed; the difference is shown', async () => {
    const path = join(project.cwd, 'config.yml')
    const edit = withEditor('sed -i s/gpt:/edited:/ "$1"')
    const same = await project.run(editConfig, edit)
    expect(same.exitCode, same.stderr).toBe(0)
    // The file here was the same, so it is changed too.
    expect(readFileSync(path, 'utf8')).toContain('edited:')
    project.addModel('mine')
    const other = await project.run(editConfig, withEditor('sed -i s/edited:/again:/ "$1"'))
    expect(other.exitCode, other.stderr).toBe(0)
    const live = project.live()
    const kept = await project.run(deploy)
    expect([kept.exitCode, project.live()]).toEqual([0, live])
    expect(kept.stderr).toContain('-model_mappings: { again: "openai:gpt-5" }')
    expect(kept.stderr).toContain("differs from the server's, which was changed there and stays")
    expect((await project.run((context) => pushConfig(context, undefined))).exitCode).toBe(0)
    project.addModel('next')
    expect((await project.run(deploy)).exitCode).toBe(0)
    expect(project.server.read(`releases/${project.live()}/config.yml`)).toContain('next')
  })

  test('prune removes releases that no rollback needs, and images that none has', async () => {
    for (const name of ['a', 'b']) {
      project.addModel(name)
      expect((await project.run(deploy)).exitCode).toBe(0)
    }
    expect((await project.run((context) => prune(context, undefined))).stderr).toContain('Nothing to remove')
    const shown = await project.run((context) => prune(context, '0'), { dryRun: true })
    expect(shown.stdout).toMatch(/remove the releases \d{8}-\d{6}\n/)
    const { exitCode, stderr } = await project.run((context) => prune(context, '0'))
    expect(exitCode, stderr).toBe(0)
    expect(readdirSync(join(project.server.folder, 'releases'))).toHaveLength(2)
    expect((await project.run((context) => prune(context, 'x'))).exitCode).toBe(2)
  })

  test('upgrade pins newer images, and has nothing to do without any', async () => {
    const nothing = await project.run(upgrade)
    expect([nothing.exitCode, nothing.stderr], nothing.stderr).toEqual([0, expect.stringContaining('Nothing newer')])
    project.server.setNewerImages(true)
    const before = project.live()
    const { exitCode, stderr } = await project.run(upgrade)
    expect(exitCode, stderr).toBe(0)
    expect(env()).toContain('TRAEFIK_IMAGE=traefik:v3.6@sha256:new\n')
    expect(env()).toContain('NODE_IMAGE=node:24-slim@sha256:new\n')
    expect(project.server.read('edge/compose.yml')).toContain('traefik:v3.6@sha256:new')
    expect(project.live()).not.toBe(before)
    project.server.setNewerImages(false)
    const back = await project.run(upgrade)
    expect(back.exitCode, back.stderr).toBe(0)
  })

  test('remove keeps the data unless told, and a deploy uses it again', async () => {
    const keys = /^API_KEYS=.*$/m.exec(env())?.[0] ?? ''
    const asked = await project.run((context) => remove(context, false), { yes: false })
    expect(asked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('the gateway answers no longer') })
    const { exitCode, stderr } = await project.run((context) => remove(context, false))
    expect(exitCode, stderr).toBe(0)
    expect([Object.keys(project.server.containers()), project.server.hasEdge()]).toEqual([[], false])
    expect(['.env', 'certs/acme.json', 'audit.jsonl', 'releases', 'edge'].map(project.server.has)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
    expect((await project.run((context) => remove(context, false))).stderr).toContain('Nothing to remove')
    expect((await project.run(deploy)).exitCode).toBe(0)
    expect(env()).toContain(keys)
    const all = await project.run((context) => remove(context, true))
    expect(all.exitCode, all.stderr).toBe(0)
    expect(all.stderr).toContain('remove all data for ever: .env, certificates, logs and')
    expect(all.stderr).not.toContain('Warning')
    expect(existsSync(project.server.folder)).toBe(false)
  })
})
