import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { deploy } from '../../../deploy/commands/deploy.ts'
import { describeWithStandIn, type StandInProject, startStandInProject } from '../../helpers/server/stand-in-project.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'

describeWithStandIn('an image that is built on this machine', () => {
  let project: StandInProject
  const folder = sharedTempFolder()
  beforeAll(async () => {
    project = await startStandInProject(folder)
  })
  beforeEach(() => project.server.setBuilder({}))
  afterAll(() => project?.close())

  const run = (flags: Parameters<StandInProject['run']>[1] = {}) => project.run(deploy, { build: 'local', ...flags })
  const planOf = async () => (await run({ dryRun: true })).stdout

  test('is for the platform of the server, which the plan says', async () => {
    expect(await planOf()).toMatch(
      /- build the image ai-proxy:\w+ on this machine, and send it\n.*\n +Docker builds it for linux\/amd64, the platform of the server\n/,
    )
    project.server.setBuilder({ platform: 'linux/arm64' })
    expect(await planOf()).toContain(
      'Docker builds it for linux/amd64, the platform of the server; this machine is linux/arm64, so the build is emulated',
    )
  })

  test.each([
    [
      { 'build-fails': '' },
      'The image cannot be built on this machine. The last lines were:\n#5 1.2 a line of the build\nno space left',
    ],
    [{ 'save-fails': '' }, 'The image cannot be sent to the server. The last lines were:\ndocker: cannot read a layer'],
    [{ 'wrong-platform': 'linux/arm64' }, 'The last lines were:\nthe image is for linux/arm64, not for linux/amd64'],
  ])('that cannot be built or sent changes nothing that answers: %o', async (builder, message) => {
    project.server.setBuilder(builder)
    const { exitCode, stderr, calls } = await run()
    expect([exitCode, stderr]).toEqual([30, expect.stringContaining(`✖ ${message}`.replace('✖ The last', 'The last'))])
    expect(calls.filter((call) => /^(up ai-proxy-\d|tag)/.test(call))).toEqual([])
    expect(project.server.has('state.json')).toBe(false)
  })

  test('is built of the files of the release, sent, and removed here again', async () => {
    const { exitCode, stderr, calls } = await run()
    expect(exitCode, stderr).toBe(0)
    const [, image = ''] = /build the image (\S+) on this machine/.exec(stderr) ?? []
    expect(calls.slice(0, 5)).toEqual([
      `build ${image} for linux/amd64`,
      `load ${image}`,
      `tag localhost/${image} ${image}`,
      `rmi localhost/${image}`,
      `rmi ${image}`,
    ])
    expect(stderr).toContain(`Built ${image} with Docker and sent it`)
    for (const path of ['Dockerfile', 'package-lock.json', 'proxy/main.ts', 'kit/time.ts']) {
      expect(existsSync(join(project.server.buildContext, path)), path).toBe(true)
    }
    expect((await run()).stderr).toContain('Nothing to change')
  })
})
