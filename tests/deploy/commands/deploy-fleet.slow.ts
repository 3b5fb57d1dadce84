import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deployFleet } from '../../../deploy/commands/deploy-fleet.ts'
import { deployError } from '../../../deploy/errors.ts'
import type { Host } from '../../../deploy/host/host.ts'
import { LocalHost } from '../../../deploy/host/local-host.ts'
import { readOptions } from '../../../deploy/local/options.ts'
import type { Context } from '../../../deploy/session/context.ts'
import { report } from '../../../deploy/session/shown/report.ts'
import { toUserError } from '../../../kit/cli/command-errors.ts'
import { runMain } from '../../helpers/process/run-ai-deploy.ts'
import { testTerminal } from '../../helpers/process/test-terminal.ts'
import { describeWithStandIn, type StandInProject, startStandInProject } from '../../helpers/server/stand-in-project.ts'
import { sharedTempFolder, tempFolder } from '../../helpers/temp-folder.ts'

/** This machine with the programs of a stand-in server. */
function hostOf(name: string, path: string): Host {
  const local = new LocalHost({ kind: 'root' })
  return {
    name,
    address: null,
    counts: local.counts,
    exec: (argv, options) => local.exec(['env', `PATH=${path}`, ...argv], options),
    start: (argv) => local.start(['env', `PATH=${path}`, ...argv]),
    connect: (port, address) => local.connect(port, address),
    close: () => local.close(),
  }
}

test('only a deploy and logs pull work with several servers', async () => {
  const cwd = tempFolder()
  for (const verb of [['status'], ['--rollback'], ['env', 'list']]) {
    const { exitCode, stderr } = await runMain([...verb, '--host', 'a,b'], { cwd })
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining('Only a deploy and logs pull work with several servers'),
    ])
  }
})

describeWithStandIn('several servers', () => {
  const projects: StandInProject[] = []
  let second = 0
  const folder = sharedTempFolder()
  beforeAll(async () => {
    for (const name of ['a', 'b']) {
      mkdirSync(join(folder, name))
      projects.push(await startStandInProject(join(folder, name)))
    }
  })
  afterAll(() => {
    for (const project of projects) project.close()
  })

  /** Deploys to the servers a and b, and to more that cannot be reached. */
  async function run(flags: { yes?: boolean; dryRun?: boolean; json?: boolean } = {}, missing: string[] = []) {
    const terminal = testTerminal()
    const now = new Date(Date.UTC(2026, 10, 24, 0, 0, second++))
    const contexts = projects.map(({ server, cwd }, index): Context => {
      const host = ['a', 'b'][index] ?? ''
      const trust = { resolve: ['llm.test.invalid:127.0.0.1'], caFile: join(folder, host, 'ca.pem') }
      const all = { host, path: server.folder, domain: 'llm.test.invalid', dotenv: true, ...trust, ...flags }
      const connect = async () => ({
        host: hostOf(host, server.path),
        user: 'root',
        home: '/root',
        serverAddress: null,
        clientAddress: null,
      })
      return { options: readOptions(all, {}, {}, cwd), terminal, now, connect }
    })
    const gone = missing.map((host): Context => {
      const connect = async () => {
        throw deployError('SSH_UNREACHABLE', `cannot reach ${host}`, 'check it')
      }
      return { options: readOptions({ host, dotenv: true, ...flags }, {}, {}, folder), terminal, now, connect }
    })
    const outcome = await deployFleet([...contexts, ...gone]).catch((error) => ({
      error: toUserError(error, 'ai-deploy', ''),
    }))
    const exitCode = report(terminal, 'deploy', flags.json ?? false, outcome)
    return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr }
  }

  const LIMIT_MS = 120_000

  test(
    'are planned before any is changed, then changed one after another, and each has its line',
    async () => {
      const unreachable = await run({ yes: true }, ['c'])
      expect(unreachable.exitCode).toBe(10)
      expect(unreachable.stderr).toContain('✖ C: cannot reach c\nNo server was changed.')
      expect(projects.map((project) => project.server.has('state.json'))).toEqual([false, false])
      expect(await run()).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('this would change the servers'.replace('t', 'T')),
      })
      const planned = await run({ dryRun: true, json: true })
      const states = (text: string) => JSON.parse(text).result.hosts.map(({ state }: { state: string }) => state)
      expect([planned.exitCode, states(planned.stdout)]).toEqual([0, ['planned', 'planned']])
      const { exitCode, stdout, stderr } = await run({ yes: true })
      expect(exitCode, stderr).toBe(0)
      expect(stdout).toMatch(/^a {2}changed {2}https:\S+ {2}API_KEY=\S+\nb {2}changed {2}https:\S+ {2}API_KEY=\S+\n$/)
      expect(stderr.indexOf('On b:')).toBeLessThan(stderr.indexOf('==> a\n'))
      expect(states((await run({ yes: true, json: true })).stdout)).toEqual(['unchanged', 'unchanged'])
    },
    LIMIT_MS,
  )

  test(
    'a failure stops the rest, and says how those that were changed go back',
    async () => {
      const [a, b] = projects
      const before = projects.map((project) => project.live())
      for (const project of projects) project.addModel('next')
      b?.server.setCrashing(true)
      const { exitCode, stdout, stderr } = await run({ yes: true })
      b?.server.setCrashing(false)
      expect([exitCode, b?.live()], stderr).toEqual([31, before[1]])
      expect(a?.live()).not.toBe(before[0])
      expect(stdout).toMatch(/^a {2}changed .*\nb {2}failed: the new release ended by itself/)
      expect(stderr).toContain(
        `To roll back those that were changed:\n  ai-deploy --rollback --host a --path ${a?.server.folder}\n`,
      )
    },
    LIMIT_MS,
  )
})
