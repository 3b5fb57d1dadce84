import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test as plainTest } from 'vitest'
import { deploy } from '../../../deploy/commands/deploy.ts'
import { rollback } from '../../../deploy/commands/rollback.ts'
import { problemsOfRepair } from '../../helpers/server/faults.ts'
import { describeWithStandIn, type StandInProject, startStandInProject } from '../../helpers/server/stand-in-project.ts'
import { fastFolder, removeFolder } from '../../helpers/temp-folder.ts'

const TIMEOUT_MS = 120_000
const test = (title: string, body: () => Promise<void>) => plainTest(title, body, TIMEOUT_MS)

/** States that once had no way back by a plain run. The tests tell one story, in order. */
describeWithStandIn('a way back', () => {
  const folder = fastFolder()
  let project: StandInProject
  const runs = (action: Parameters<StandInProject['run']>[0]) => project.run(action)
  const at = (path: string) => join(project.server.folder, path)
  const edit = (path: string, change: (text: string) => string) =>
    writeFileSync(at(path), change(project.server.read(path)))

  beforeAll(async () => {
    project = await startStandInProject(folder)
  })
  afterAll(() => {
    project?.close()
    removeFolder(folder)
  })

  test('a first deploy that fails leaves nothing that runs, also not the edge', async () => {
    project.server.setCrashing(true)
    expect((await runs(deploy)).exitCode).toBe(31)
    project.server.setCrashing(false)
    const running = Object.values(project.server.containers()).filter((state) => state !== 'exited no')
    expect([running, project.server.hasEdge()]).toEqual([[], false])
    expect(await problemsOfRepair(project)).toEqual([])
  })

  test('a rollback after that never goes to the release that was never ready, also if state.json is lost', async () => {
    const ready = project.live()
    project.addModel('next')
    expect(await problemsOfRepair(project)).toEqual([])
    rmSync(at('state.json'))
    expect((await runs(rollback)).exitCode).toBe(0)
    expect(project.live()).toBe(ready)
    expect(readdirSync(at('releases')).length).toBeGreaterThan(2)
  })

  test('a rotated key does not keep an edge from starting, where models need a key too', async () => {
    edit('.env', (text) => `${text}MODELS_REQUIRE_KEY=true\n`)
    expect(await problemsOfRepair(project)).toEqual([])
    edit('.env', (text) => text.replace(/^API_KEYS=.*$/m, 'API_KEYS=sk-rotated-0123456789'))
    project.server.setContainer('ai-proxy-edge', 'exited', 'unless-stopped')
    expect(await problemsOfRepair(project)).toEqual([])
  })

  test('a rollback works with the key of the release that it goes to', async () => {
    project.server.setContainer('ai-proxy-edge', 'exited', 'unless-stopped')
    const { exitCode, stderr } = await runs(rollback)
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toContain("which differs from today's in API_KEYS")
  })

  test('a rollback needs no right .env, and the next deploy says what is wrong with it', async () => {
    const env = project.server.read('.env')
    edit('.env', (text) => `${text}not a line\n`)
    writeFileSync(join(project.cwd, '.env'), 'not a line either\n')
    expect((await runs(rollback)).exitCode).toBe(0)
    expect(await runs(deploy)).toMatchObject({ exitCode: 2, calls: [] })
    writeFileSync(join(project.cwd, '.env'), '')
    writeFileSync(at('.env'), env)
    expect(await problemsOfRepair(project)).toEqual([])
  })

  test('a .env that is lost comes back with the same keys', async () => {
    const env = project.server.read('.env')
    rmSync(at('.env'))
    expect(await problemsOfRepair(project)).toEqual([])
    const lines = (text: string) =>
      text
        .split('\n')
        .filter((line) => /^(API_KEYS|OPENAI_API_KEY|DOMAIN)=/.test(line))
        .sort()
    expect(lines(project.server.read('.env'))).toEqual(lines(env))
  })
})
