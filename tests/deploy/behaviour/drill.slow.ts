import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deploy } from '../../../deploy/commands/deploy.ts'
import { hold } from '../../../deploy/commands/hold.ts'
import { listReleases } from '../../../deploy/commands/releases.ts'
import { drill } from '../../../deploy/commands/upkeep/drill.ts'
import { LocalHost } from '../../../deploy/host/local-host.ts'
import type { DrillPace } from '../../../deploy/plan/upkeep/plan-drill.ts'
import { GOODBYE, holdLock } from '../../../deploy/remote/lock.ts'
import { faultyConnect } from '../../helpers/server/faulty-host.ts'
import { describeWithStandIn, type StandInProject, startStandInProject } from '../../helpers/server/stand-in-project.ts'
import { type WrongWay, wrongConnect } from '../../helpers/server/wrong-host.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'
import { SCHEMAS } from './day-two-schemas.ts'

/** Much in little time. */
const PACE: DrillPace = {
  traffic: {
    loops: [
      { kind: 'keep-alive', intervalMs: 20 },
      { kind: 'new connection', intervalMs: 40 },
      { kind: 'stream', intervalMs: 20 },
      { kind: 'stream', intervalMs: 20 },
      { kind: 'stream', intervalMs: 20 },
    ],
    sendingMs: 200,
    maxS: 60,
  },
  beforeMs: 200,
  answeringMs: 300,
}

/** Each container answers for longer than a stream lasts, so that some streams of it are running whenever it is removed. */
const LONG: DrillPace = { ...PACE, traffic: { ...PACE.traffic, sendingMs: 1500 }, answeringMs: 1700 }

/** @returns frees it */
async function takeLockOf(folder: string): Promise<() => void> {
  const request = { folder, holder: 'ann', token: 'ab'.repeat(16), silenceS: 30, lostLine: '{}', watched: [] }
  const held = await new LocalHost({ kind: 'root' }).start(holdLock(request))
  await once(held.stdout, 'data')
  return () => {
    held.write(GOODBYE)
    held.end()
  }
}

describeWithStandIn('a drill', () => {
  let project: StandInProject
  let live = ''
  /** As it must be after each drill, so that one test can follow another. */
  let before: Awaited<ReturnType<typeof remains>>
  const folder = sharedTempFolder()
  beforeAll(async () => {
    project = await startStandInProject(folder)
    expect((await project.run(deploy)).exitCode).toBe(0)
    project.addModel('two')
    expect((await project.run(deploy)).exitCode).toBe(0)
    live = project.live() ?? ''
    before = await remains()
  })
  afterAll(() => project?.close())

  const run = (flags?: Parameters<StandInProject['run']>[1], pace = PACE) =>
    project.run((context) => drill(context, false, pace), flags)
  const audit = () => project.server.read('audit.jsonl').trim().split('\n')

  /** Everything that a drill must leave as it was. */
  async function remains() {
    const { server } = project
    const { updatedAt, ...state } = JSON.parse(server.read('state.json'))
    const { result } = JSON.parse((await project.run(listReleases, { json: true })).stdout)
    return {
      ...{
        state,
        route: server.read('edge/dynamic/app.yml'),
        dynamic: readdirSync(join(server.folder, 'edge/dynamic')),
      },
      containers: server.containers(),
      backups: readdirSync(join(server.folder, 'backups')),
      files: readdirSync(server.folder),
      releases: result.releases.map(({ age_s, ...rest }: { age_s: number }) => rest),
    }
  }

  test('switches there and back, fails no request, rehearses a restore, and leaves all as it was', async () => {
    const lines = audit().length
    const [newest = ''] = before.backups
      .filter((name) => name.endsWith('.gz'))
      .sort()
      .reverse()
    const { exitCode, stdout, stderr, calls } = await project.run((context) => drill(context, true, PACE), {
      json: true,
    })
    expect(exitCode, stderr).toBe(0)
    const { result } = JSON.parse(stdout)
    const check = new Ajv({ allowUnionTypes: true, allErrors: true }).compile(SCHEMAS.drill)
    expect([check(result.drill), check.errors]).toEqual([true, null])
    expect(result.drill).toMatchObject({ failed: 0, failures: [], rehearsed_backup: newest })
    expect(result.drill.switched_ms).toHaveLength(2)
    for (const count of Object.values(result.drill.answers)) expect(count).toBeGreaterThan(3)
    expect(Object.keys(result.drill.answers_by).sort()).toEqual([live, `${live}-2`])
    expect(calls).toEqual(expect.arrayContaining(['rm -f ai-proxy-rehearsal', `rm ai-proxy-${live}-2`]))
    expect(await remains()).toEqual(before)
    expect(audit()).toHaveLength(lines + 1)
    expect(JSON.parse(audit().at(-1) ?? '')).toMatchObject({ verb: 'drill', result: 'ok', release: live })
  }, 30_000)

  test.each<[WrongWay, string]>([
    ['stopped first', 'keep-alive: 502'],
    ['not drained', 'stream: '],
    ['two steps', 'keep-alive: 404'],
  ])(
    'notices a server on which it goes wrong: %s',
    async (way, failure) => {
      const { exitCode, stdout, stderr } = await run(
        { connect: wrongConnect(way, live, 0.2) },
        way === 'not drained' ? LONG : PACE,
      )
      expect(exitCode, stdout + stderr).toBe(43)
      expect(stdout).toContain(failure)
      expect(stdout).toMatch(/^failed {4}[1-9]/m)
      expect(stderr).toMatch(/✖ [1-9]\d* of \d+ requests failed, the first at /)
      expect(JSON.parse(audit().at(-1) ?? '')).toMatchObject({ verb: 'drill', result: 'DRILL_FAILED' })
    },
    30_000,
  )

  test('is refused while the server is on hold, while another run holds the lock, and on one that is not well', async () => {
    expect(await run({ dryRun: true })).toMatchObject({ exitCode: 0, calls: [] })
    await project.run((context) => hold(context, 'an audit is on'))
    expect(await run()).toMatchObject({ exitCode: 20, stderr: expect.stringContaining('an audit is on') })
    rmSync(join(project.server.folder, 'hold'))
    const release = await takeLockOf(project.server.folder)
    expect(await run()).toMatchObject({
      exitCode: 20,
      stderr: expect.stringContaining('Another deploy is running there: ann'),
    })
    release()
    project.server.setContainer(`ai-proxy-${live}`, 'exited', 'unless-stopped')
    expect(await run()).toMatchObject({ exitCode: 43, stderr: expect.stringContaining('The live release is stopped') })
    project.server.setContainer(`ai-proxy-${live}`, 'running', 'unless-stopped')
    expect(await remains()).toEqual(before)
  })

  test('one whose other container never gets ready leaves all as it was', async () => {
    project.server.setCrashing(true)
    const { exitCode, stderr } = await run()
    project.server.setCrashing(false)
    expect(exitCode, stderr).toBe(31)
    await expect.poll(() => project.server.containers()).toEqual(before.containers)
    expect(await remains()).toEqual(before)
  }, 30_000)

  test('one that is interrupted while the other container answers leaves all as it was', async () => {
    const interrupt = new AbortController()
    const watch = setInterval(() => {
      if (JSON.parse(project.server.read('state.json')).live.instance === `${live}-2`) interrupt.abort()
    }, 50)
    const { exitCode, stdout, stderr } = await run({ json: true, terminal: { signal: interrupt.signal } })
    clearInterval(watch)
    expect(exitCode, stderr).toBe(130)
    expect(JSON.parse(stdout).result.drill).toMatchObject({ failed: 0, failures: [], rehearsed_backup: null })
    await expect.poll(() => project.server.containers()).toEqual(before.containers)
    expect(await remains()).toEqual(before)
    expect(JSON.parse(audit().at(-1) ?? '')).toMatchObject({ verb: 'drill', result: 'INTERRUPTED' })
  }, 30_000)

  test('one whose connection is lost after its first switch is repaired by the next deploy', async () => {
    const { exitCode: lost, stderr: end } = await run(faultyConnect({ kind: 'cut', call: 14 }))
    expect([lost, end]).toEqual([33, expect.stringContaining(`release ${live} serves`)])
    expect(await run()).toMatchObject({ exitCode: 43, stderr: expect.stringContaining('✖ A run was cut off there') })
    expect((await project.run(deploy)).exitCode).toBe(0)
    expect((await project.run(deploy)).stderr).toContain('Nothing to change')
    expect(await project.server.answering()).toBe(project.live())
    expect(Object.values(project.server.containers()).sort()).toEqual([
      'exited no',
      'exited no',
      'running unless-stopped',
    ])
  }, 30_000)

  test('a backup that is damaged ends it before anything is sent', async () => {
    const backups = join(project.server.folder, 'backups')
    for (const name of readdirSync(backups)) {
      const text = readFileSync(join(backups, name))
      writeFileSync(join(backups, name), text.subarray(0, text.length - 2000))
    }
    const { exitCode, stdout } = await project.run((context) => drill(context, true, PACE))
    expect([exitCode, stdout]).toEqual([50, ''])
    expect(existsSync(join(project.server.folder, '.restore-20261124-000000'))).toBe(false)
  })
})
