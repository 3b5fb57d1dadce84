import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { vi } from 'vitest'
import { readOptions } from '../../../deploy/local/options.ts'
import type { Context } from '../../../deploy/session/context.ts'
import { type Outcome, report } from '../../../deploy/session/shown/report.ts'
import { toUserError } from '../../../kit/cli/command-errors.ts'
import type { Terminal } from '../../../kit/cli/terminal.ts'
import { describeNeeding, isRoot } from '../needs.ts'
import { findProgram } from '../process/programs.ts'
import { testTerminal } from '../process/test-terminal.ts'
import { type StandInServer, startStandInServer } from './stand-in-server.ts'
import { makeAuthority } from './tls-server.ts'

const DOMAIN = 'llm.test.invalid'
const canRun = isRoot && ['openssl', 'flock', 'setsid'].every((program) => findProgram(program) !== null)

/** A group of tests with a stand-in server. */
export const describeWithStandIn = describeNeeding('root, openssl or flock', canRun)

export type Action = (context: Context) => Promise<Outcome>

export interface RunFlags {
  json?: boolean
  caFile?: string
  /** File of a certificate, with `key`; false for `--no-cert`. */
  cert?: string | false
  key?: string
  freePorts?: string
  build?: string
  connect?: Context['connect']
  dryRun?: boolean
  /** False: it asks, without a terminal. */
  yes?: boolean
  terminal?: Partial<Terminal>
}

export interface RunOutcome {
  exitCode: number
  stdout: string
  stderr: string
  /** Calls of docker that changed something. */
  calls: string[]
}

/** A clone of the project, and a stand-in server that it is deployed to. */
export interface StandInProject {
  server: StandInServer
  url: string
  /** Folder to deploy from. */
  cwd: string
  /** Runs an action as the program does, one second after the previous one. */
  run(action: Action, flags?: RunFlags): Promise<RunOutcome>
  /** Changes config.yml. */
  addModel(name: string): void
  /** Writes a certificate of the CA that clients trust here, for these names. */
  certificate(names: string[], days?: number): { cert: string; key: string }
  /** Instance that the route file names. */
  live(): string | undefined
  close(): void
}

/** @param folder that everything is made in; the caller removes it */
export async function startStandInProject(folder: string): Promise<StandInProject> {
  const cwd = join(folder, 'clone')
  const port = await freePort()
  const authority = makeAuthority(folder)
  const server = startStandInServer(folder, authority, DOMAIN, port)
  vi.stubEnv('PATH', server.path)
  mkdirSync(cwd)
  writeFileSync(join(cwd, 'config.yml'), 'model_mappings: { gpt: "openai:gpt-5" }\n')
  writeFileSync(
    join(cwd, '.env'),
    `OPENAI_API_KEY=sk\nHTTP_PORT=${port + 1}\nHTTPS_PORT=${port}\nWATCH_S=0\nWARM_S=0\n`,
  )
  let second = 0

  async function run(action: Action, { connect, terminal: surroundings, ...flags }: RunFlags = {}) {
    const terminal = testTerminal(surroundings)
    const all = { host: 'localhost', path: server.folder, domain: DOMAIN, yes: true, dotenv: true }
    const trust = { resolve: [`${DOMAIN}:127.0.0.1`], caFile: join(folder, 'ca.pem') }
    const options = readOptions({ ...all, ...trust, ...flags }, {}, {}, cwd)
    const now = new Date(Date.UTC(2026, 10, 24, 0, 0, second++))
    const context = { options, terminal, now, ...(connect && { connect }) }
    const outcome = await action(context).catch((error) => ({ error: toUserError(error, 'ai-deploy', '') }))
    const exitCode = report(terminal, 'verb', options.isJson, outcome)
    return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr, calls: server.calls() }
  }

  return {
    server,
    url: `https://${DOMAIN}:${port}`,
    cwd,
    run,
    addModel: (name) =>
      writeFileSync(join(cwd, 'config.yml'), `model_mappings: { gpt: "openai:gpt-5", ${name}: "openai:${name}" }\n`),
    certificate: (names, days) => {
      const files = { cert: join(folder, 'own.crt'), key: join(folder, 'own.key') }
      const pair = authority.issue(names, days)
      writeFileSync(files.cert, pair.cert)
      writeFileSync(files.key, pair.key)
      return files
    },
    live: () => /http:\/\/ai-proxy-([\w-]+):8123/.exec(server.read('edge/dynamic/app.yml'))?.[1],
    close: () => {
      vi.unstubAllEnvs()
      server.close()
    },
  }
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  listener.close()
  await once(listener, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
