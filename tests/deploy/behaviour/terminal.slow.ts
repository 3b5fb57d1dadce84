import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deploy } from '../../../deploy/commands/deploy.ts'
import { describeNeeding } from '../../helpers/needs.ts'
import { compiledDeploy, compiledPackage } from '../../helpers/process/compiled-package.ts'
import { type Answers, inTerminal } from '../../helpers/process/in-terminal.ts'
import { findProgram } from '../../helpers/process/programs.ts'
import { SSHD, type SshServer, startSshServer } from '../../helpers/server/sshd.ts'
import { describeWithStandIn, type StandInProject, startStandInProject } from '../../helpers/server/stand-in-project.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'

const ENTER = '\r'
const canRun = SSHD !== null && findProgram('python3') !== null

describeNeeding('sshd or python3', canRun)('in a terminal', () => {
  describeWithStandIn('exec', () => {
    const folder = sharedTempFolder()
    let project: StandInProject
    let server: SshServer
    beforeAll(async () => {
      project = await startStandInProject(folder)
      expect((await project.run(deploy)).exitCode).toBe(0)
      server = await startSshServer(folder, '')
    })
    afterAll(async () => {
      await server?.close()
      project?.close()
    })

    /** What tells a terminal from pipes: its name, its size, an answer and Ctrl-C. */
    const SCRIPT = 'tty; stty size; trap "echo stopped; exit 7" INT; read word; echo "got $word"; sleep 20 & wait'
    const ANSWERS: Answers = [
      ['24 200', `hello${ENTER}`],
      ['got hello', '\u0003'],
    ]
    const SHOWN = /^\/dev\/pts\/\d+\r\n24 200\r\nhello\r\ngot hello\r\n/

    const run = (answers: Answers, options: string[], script: string) => {
      const command = [process.execPath, compiledDeploy(), 'exec', ...options, '--path', project.server.folder]
      const surroundings = { cwd: project.cwd, env: { PATH: project.server.path } }
      return inTerminal(answers, [...command, '--', 'sh', '-c', script], surroundings)
    }

    test.each([
      ['SSH', []],
      ["the system's OpenSSH", ['--ssh-command', 'ssh']],
    ])('has it, over %s', async (_name, more) => {
      const hostKey = more.length > 0 ? [] : ['--host-key', server.hostKey.fingerprint]
      const options = ['--host', 'server', '--ssh-config', server.sshConfig, ...hostKey, ...more]
      const { shown, exitCode } = await run(ANSWERS, options, SCRIPT)
      expect(shown.replace(SHOWN, '')).toBe('^Cstopped\r\n')
      expect(exitCode).toBe(7)
    })

    // The real docker takes Ctrl-C itself; the stand-in leaves it to the terminal.
    test('has it, on this machine', async () => {
      const script = SCRIPT.replace('sleep 20 & wait', 'exit 7')
      const { shown, exitCode } = await run(ANSWERS.slice(0, 1), ['--host', 'localhost'], script)
      expect(shown.replace(SHOWN, '')).toBe('')
      expect(exitCode).toBe(7)
    })
  })

  describeWithStandIn('several servers', () => {
    const folder = sharedTempFolder()
    const projects: StandInProject[] = []
    beforeAll(async () => {
      for (const name of ['a', 'b']) {
        mkdirSync(join(folder, name))
        const project = await startStandInProject(join(folder, name))
        projects.push(project)
        expect((await project.run(deploy)).exitCode).toBe(0)
      }
    })
    afterAll(() => {
      for (const project of projects) project.close()
    })

    /** The program, with the two stand-ins in place of servers. */
    const PROGRAM = `
      import { deployFleet } from './dist/deploy/commands/deploy-fleet.js'
      import { LocalHost } from './dist/deploy/host/local-host.js'
      import { readOptions } from './dist/deploy/local/options.js'
      import { report } from './dist/deploy/session/shown/report.js'
      import { processTerminal } from './dist/kit/cli/process-terminal.js'
      const terminal = processTerminal(process)
      const contexts = JSON.parse(process.argv[1]).map(({ host: name, PATH, cwd, ...flags }) => {
        const local = new LocalHost({ kind: 'root' })
        const there = (argv) => ['env', 'PATH=' + PATH, ...argv]
        const host = {
          ...{ name, address: null, counts: local.counts, connect: (port) => local.connect(port), close: () => local.close() },
          exec: (argv, options) => local.exec(there(argv), options),
          start: (argv) => local.start(there(argv)),
        }
        const connect = async () => ({ host, user: 'root', home: '/root', serverAddress: null, clientAddress: null })
        return { options: readOptions({ host: name, dotenv: true, ...flags }, {}, {}, cwd), terminal, now: new Date(), connect }
      })
      process.exitCode = report(terminal, 'deploy', false, await deployFleet(contexts))`

    function run(answers: Answers) {
      const servers = projects.map(({ server, cwd }, index) => ({
        ...{ host: ['a', 'b'][index], PATH: server.path, cwd, path: server.folder, domain: 'llm.test.invalid' },
        ...{ resolve: ['llm.test.invalid:127.0.0.1'], caFile: join(folder, ['a', 'b'][index] ?? '', 'ca.pem') },
      }))
      const node = [process.execPath, '--input-type=module', '-e', PROGRAM, JSON.stringify(servers)]
      return inTerminal(answers, node, { cwd: compiledPackage(), env: {} })
    }

    describe.each([
      ['a yes', 'y', 'a  rolled back', 0],
      ['Enter', '', 'a  changed', 1],
    ])('the first can go back when the second fails: with %s', (_title, typed, line, moved) => {
      test('as it was answered', async () => {
        const [a, b] = projects
        const before = a?.live()
        for (const project of projects) project.addModel(`next-${moved}`)
        b?.server.setCrashing(true)
        const { shown, exitCode } = await run([
          ['Do this on a and b, one after another?', ENTER],
          ['Roll back a, which was changed?', `${typed}${ENTER}`],
        ])
        b?.server.setCrashing(false)
        expect(exitCode, shown).toBe(31)
        expect(shown).toContain(line)
        expect(shown).toMatch(/b {2}failed: the new release ended by itself/)
        expect(a?.live() === before).toBe(moved === 0)
        expect(shown.includes('To roll back those that were changed:')).toBe(moved === 1)
      }, 60_000)
    })
  })
})
