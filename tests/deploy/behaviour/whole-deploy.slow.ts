import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { deploy } from '../../../deploy/commands/deploy.ts'
import { listBackups } from '../../../deploy/commands/list-backups.ts'
import { restoreBackup } from '../../../deploy/commands/restore-backup.ts'
import { rollback } from '../../../deploy/commands/rollback.ts'
import { describeWithStandIn, type StandInProject, startStandInProject } from '../../helpers/server/stand-in-project.ts'
import type { StandInServer } from '../../helpers/server/stand-in-server.ts'
import { makeAuthority } from '../../helpers/server/tls-server.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'

const DOMAIN = 'llm.test.invalid'

/** The tests tell one story, in order; only Docker and Traefik are stand-ins. */
describeWithStandIn('a server from its first deploy on', () => {
  const folder = sharedTempFolder()
  let project: StandInProject
  let server: StandInServer
  let url: string
  let releases: string[] = []

  beforeAll(async () => {
    project = await startStandInProject(folder)
    ;({ server, url } = project)
  })
  afterAll(() => project?.close())

  const run: StandInProject['run'] = (action, flags) => project.run(action, flags)
  const state = () => JSON.parse(server.read('state.json'))
  const live = () => project.live()
  const addModel = (name: string) => project.addModel(name)
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
    const [first = '', next = ''] = releases
    addModel('one')
    writeFileSync(join(server.folder, '../bin/state/containers', name(next)), `exited\n${next}\nunless-stopped\n`)
    const { exitCode, stderr, calls } = await run(deploy)
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toContain(
      `  - start release ${next}, which is not running; if it does not work then, switch to release ${first}\n`,
    )
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
    expect(calls.slice(0, 2)).toEqual(['up ai-proxy-edge', `up ${name(live())}`])
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

  test('a release that turns out to be bad while it is watched goes back by itself', async () => {
    const env = server.read('.env')
    const [before, stateBefore] = [live(), state().live]
    writeFileSync(join(server.folder, '.env'), env.replace('WATCH_S=0', 'WATCH_S=60'))
    addModel('bad')
    server.setInside('inside 1000 1001 0 - - -\ninside 4000 4001 0 - - -\n')
    const { exitCode, stderr, calls } = await run(deploy)
    server.setInside('')
    writeFileSync(join(server.folder, '.env'), env)
    expect(exitCode, stderr).toBe(35)
    const [, bad = ''] = /✖ Release (\S+) does not work/.exec(stderr) ?? []
    expect(stderr).toContain(`  - watch release ${bad} for 60 seconds, and go back to ${before} if it does not work\n`)
    expect(stderr).toContain(
      `✖ Release ${bad} does not work: it has not been ready for 3.0 s. Its last lines:\na line of its log`,
    )
    expect(stderr).toContain(`Hint: ${before} answers again; look at: docker logs ${name(bad)}.`)
    expect([live(), state().live]).toEqual([before, stateBefore])
    expect(readlinkSync(join(server.folder, 'current'))).toBe(`releases/${before}`)
    expect(calls).toContain(`--restart=no ${name(bad)}`)
    await vi.waitFor(() => expect(server.containers()[name(bad)]).toBe('exited no'), { timeout: 10_000 })
    expect(server.containers()[name(before)]).toBe('running unless-stopped')
    expect(readdirSync(join(server.folder, 'edge/dynamic'))).toEqual(['app.yml'])
    expect(server.read('audit.jsonl').trim().split('\n').at(-1)).toContain('"result":"WATCH_FAILED"')
    expect((await run((context) => rollback(context, bad))).stderr).toContain(`Release ${bad} did not work: it has not`)
  })

  test('one that works is settled when the watch ends', async () => {
    const env = server.read('.env')
    writeFileSync(join(server.folder, '.env'), env.replace('WATCH_S=0', 'WATCH_S=1'))
    const before = live()
    addModel('three')
    const { exitCode, stderr } = await run(deploy)
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toContain(`${live()} has worked for 1 s`)
    expect(state().previous.release).toBe(before)
    expect(readdirSync(join(server.folder, 'edge/dynamic'))).toEqual(['app.yml'])
    writeFileSync(join(server.folder, '.env'), env)
  })

  test('the previous release takes over from one that cannot be put to work again', async () => {
    const [broken, before] = [live(), state().previous.instance]
    rmSync(join(server.folder, '../bin/state/containers', name(broken)))
    server.setCrashing(true)
    const { exitCode, stderr } = await run(deploy)
    server.setCrashing(false)
    expect(exitCode, stderr).toBe(31)
    expect(stderr).toContain(`  - start release ${broken}, which is not running; if it does not work then, switch to`)
    expect(stderr).toContain('✖ The release ended by itself.')
    expect(stderr).toContain(`Hint: release ${state().live.release} answers instead;`)
    expect([live(), server.containers()[name(before)]]).toEqual([before, 'running unless-stopped'])
    expect(server.read('audit.jsonl').trim().split('\n').at(-1)).toContain('"result":"RELEASE_UNHEALTHY"')
  })

  test('a previous release that keeps running is switched to and fro without a start', async () => {
    writeFileSync(join(server.folder, '.env'), server.read('.env').replace('WARM_S=0', 'WARM_S=60'))
    const before = live() ?? ''
    addModel('warm')
    const deployed = await run(deploy)
    expect(deployed.exitCode, deployed.stderr).toBe(0)
    const next = live() ?? ''
    expect(deployed.stderr).toContain(`  - stop release ${before} in a minute\n`)
    expect(server.containers()).toMatchObject({ [name(before)]: 'running no', [name(next)]: 'running unless-stopped' })
    expect((await run(deploy)).stderr).toContain('Nothing to change')
    const { exitCode, stderr, calls } = await run(rollback)
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toContain(`  - switch from release ${next} back to release ${before}, which is still running\n`)
    expect(calls.filter((call) => /^(up|start|stop) /.test(call))).toEqual([])
    expect(server.containers()).toMatchObject({ [name(before)]: 'running unless-stopped', [name(next)]: 'running no' })
    expect(server.read('warm/release')).toMatch(new RegExp(`^${name(next)} \\d+\n$`))
    expect([live(), state().previous.release]).toEqual([before, next])
  })
})
