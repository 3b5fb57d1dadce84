import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { drill } from '../../../deploy/commands/upkeep/drill.ts'
import { readOptions } from '../../../deploy/local/options.ts'
import type { Context } from '../../../deploy/session/context.ts'
import { toUserError } from '../../../kit/cli/command-errors.ts'
import type { RigServer } from '../../../scripts/rig/rig-file.ts'
import { testTerminal } from '../process/test-terminal.ts'
import { type WrongWay, wrongConnect } from '../server/wrong-host.ts'
import { aiDeploy, type DeployTool } from './ai-deploy.ts'
import { addModel, CLONE, deployFolder } from './deploy-folder.ts'
import { domainOf, e2eRig, onServer, serverOf } from './rig-server.ts'
import { plantSecret } from './secrets.ts'

const FOLDER = '/root/ai-proxy'

/** The drill says whether a deploy and a rollback fail requests, and leaves a server as it was. */
export function describeDrillOn(name: RigServer['name']): void {
  describe(`on ${name}`, () => drillOn(name))
}

function drillOn(name: RigServer['name']): void {
  const rig = e2eRig()
  const server = serverOf(rig, name)
  const tool: DeployTool = {
    command: ['node', join(CLONE, 'dist/deploy/cli.js')],
    cwd: deployFolder(`drill-${name}`, { env: `API_KEYS=${plantSecret(`sk-drill-${name}-0123456789`)}\n` }),
  }
  const run = (...args: string[]) => aiDeploy(tool, rig, server, args)
  const ssh = (command: string) => onServer(rig, server, command)
  const live = async () => JSON.parse(await ssh(`cat ${FOLDER}/state.json`)).live.instance as string
  const lastAudit = async () => JSON.parse(await ssh(`tail -n 1 ${FOLDER}/audit.jsonl`))

  /** Everything that a drill must leave as it was. */
  async function remains() {
    const { updatedAt, ...state } = JSON.parse(await ssh(`cat ${FOLDER}/state.json`))
    const files = await ssh(
      `cd ${FOLDER} && ls -a . releases backups edge/dynamic && cat edge/dynamic/app.yml && sha256sum .env backups/*.gz`,
    )
    const containers = await ssh(
      `docker ps -aq | xargs docker inspect -f '{{.Name}} {{.Id}} {{.State.StartedAt}} {{.HostConfig.RestartPolicy.Name}}' | sort`,
    )
    return { state, files, containers, images: await ssh('docker images -q | sort') }
  }

  beforeAll(async () => {
    // Another file may have deployed to the server before, so the second one changes something in any case.
    for (const model of ['drill-1', 'drill-2']) {
      addModel(tool.cwd, model)
      const { exitCode, stderr } = await run('--yes')
      expect(exitCode, stderr).toBe(0)
    }
  })

  test('no request fails, all is as it was before, and its records have its dialog_id', async () => {
    const before = await remains()
    const { exitCode, stdout, stderr } = await run('drill', '--with-restore', '--yes', '--json')
    expect(exitCode, stderr + stdout).toBe(0)
    const { answers, answers_by, failed, switched_ms, slowest_ms, rehearsed_backup } = JSON.parse(stdout).result.drill
    process.stdout.write(`Drill on ${name}: ${JSON.stringify({ answers, switched_ms, slowest_ms })}\n`)
    expect([failed, switched_ms.length]).toEqual([0, 2])
    expect(Object.keys(answers_by).sort()).toEqual([await live(), expect.stringMatching(/^\d{8}-\d{6}-\d+$/)])
    expect(rehearsed_backup).toMatch(/^ai-proxy-backup-/)
    expect(await remains()).toEqual(before)
    expect(await lastAudit()).toMatchObject({ verb: 'drill', result: 'ok' })
    const [, dialog = ''] = /dialog_id (drill-[\d-]+)/.exec(stderr) ?? []
    const records = await ssh(`cat ${FOLDER}/logs/requests-*.jsonl | grep -c '"dialog_id":"${dialog}"'`)
    const sum = Object.values(answers as Record<string, number>).reduce((all, count) => all + count, 0)
    expect(Number(records)).toBe(sum)
  })

  test('it is refused on hold', async () => {
    expect((await run('hold', '-m', 'an audit is on', '--yes')).exitCode).toBe(0)
    expect(await run('drill', '--yes')).toMatchObject({
      exitCode: 20,
      stderr: expect.stringContaining('an audit is on'),
    })
    expect((await run('unhold', '--yes')).exitCode).toBe(0)
  })

  /** In this process, on a host that does something wrong. */
  async function drillWrongly(way: WrongWay) {
    const flags = {
      ...{ host: server.host, sshConfig: rig.sshConfigPath, ip: server.ip, yes: true, dotenv: false },
      ...{ resolve: [`${domainOf(server)}:${server.ip}`], caFile: server.acme.rootsPath },
    }
    const terminal = testTerminal()
    const context: Context = {
      ...{ options: readOptions(flags, process.env, process.env, tool.cwd), terminal, now: new Date() },
      connect: wrongConnect(way, await live()),
    }
    const outcome = await drill(context, false).catch((error) => ({ error: toUserError(error, 'ai-deploy', 'drill') }))
    return { ...outcome, stderr: terminal.stderr }
  }

  test.each<WrongWay>(['stopped first', 'not drained', 'two steps'])('it notices what goes wrong: %s', async (way) => {
    const { error, stderr, ...outcome } = await drillWrongly(way)
    process.stdout.write(`${way} on ${name}: ${error?.message}\n`)
    expect(error?.code, stderr).toBe('DRILL_FAILED')
    expect('lines' in outcome && outcome.lines?.join('\n')).toMatch(/^failed {4}[1-9]/m)
    expect(await lastAudit()).toMatchObject({ verb: 'drill', result: 'DRILL_FAILED' })
    const { exitCode, stderr: after } = await run('--yes')
    expect([exitCode, after]).toEqual([0, expect.stringContaining('Nothing to change')])
  })
}
