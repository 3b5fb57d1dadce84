import { execa } from 'execa'
import type { Rig, RigServer } from '../../../scripts/rig/rig-file.ts'
import { domainOf } from './rig-server.ts'
import { refuseSecrets } from './secrets.ts'

export interface DeployTool {
  /** Command and first arguments that start the CLI. */
  command: readonly [string, ...string[]]
  /** Folder it runs in: .env and config.yml are taken from here. */
  cwd: string
}

export interface DeployOutcome {
  exitCode: number
  stdout: string
  stderr: string
}

export interface DeployOptions {
  /** Suffix of the ssh alias: another user than root. */
  as?: 'admin' | 'ops' | 'guest'
  env?: Record<string, string>
}

/** `ai-deploy` against a server of the rig, with the options that `npm run rig -- up` prints. */
export function aiDeploy(tool: DeployTool, rig: Rig, server: RigServer, args: string[], options: DeployOptions = {}) {
  return finished(startDeploy(tool, rig, server, args, options))
}

export function startDeploy(
  tool: DeployTool,
  rig: Rig,
  server: RigServer,
  args: string[],
  { as, env }: DeployOptions = {},
) {
  const [file, ...first] = tool.command
  const common = [
    ...['--host', as ? `${server.host}-${as}` : server.host],
    ...['--ssh-config', rig.sshConfigPath],
    ...['--ip', server.ip],
    ...['--resolve', `${domainOf(server)}:${server.ip}`],
    ...['--ca-file', server.acme.rootsPath],
  ]
  return execa(file, [...first, ...common, ...args], {
    cwd: tool.cwd,
    env: { ACME_CA_SERVER: server.acme.directoryUrl, ACME_CA_CERT: server.acme.caCertPath, ...env },
    reject: false,
    stdin: 'ignore',
  })
}

/** Waits until a run prints this to stderr. @throws when it ends without that */
export async function printed(running: ReturnType<typeof startDeploy>, text: string): Promise<void> {
  let seen = ''
  await new Promise<void>((resolve, reject) => {
    running.stderr.on('data', (chunk: Buffer) => {
      seen += chunk.toString()
      if (seen.includes(text)) resolve()
    })
    running.stderr.on('close', () => reject(new Error(`ai-deploy ended before it printed ${text}`)))
  })
}

export async function finished(running: ReturnType<typeof startDeploy>): Promise<DeployOutcome> {
  const { exitCode, stdout, stderr } = await running
  refuseSecrets('the output of ai-deploy', stdout + stderr)
  return { exitCode: exitCode ?? -1, stdout, stderr }
}
