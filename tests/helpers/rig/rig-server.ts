import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { editDotenv, parseDotenv } from '../../../kit/settings/dotenv.ts'
import { type Rig, type RigServer, readRig } from '../../../scripts/rig/rig-file.ts'
import { plantKeys } from './secrets.ts'

/** The rig that scripts/e2e.ts has brought up. */
export function e2eRig(): Rig {
  return readRig(Number(process.env['E2E_RIG_ID'] ?? 0))
}

export function serverOf(rig: Rig, name: RigServer['name']): RigServer {
  const server = rig.servers.find((candidate) => candidate.name === name)
  if (!server) throw new Error(`the rig has no ${name} server`)
  return server
}

export function domainOf({ ip }: RigServer): string {
  return `ai-proxy.${ip}.nip.io`
}

/** Runs a shell command line on the server as root. */
export async function onServer(rig: Rig, { host }: RigServer, command: string): Promise<string> {
  const { stdout } = await execa('ssh', ['-F', rig.sshConfigPath, host, command])
  return stdout
}

export async function copyToServer(rig: Rig, { host }: RigServer, from: string, to: string): Promise<void> {
  await execa('scp', ['-q', '-F', rig.sshConfigPath, from, `${host}:${to}`])
}

/** Sets these variables in the gateway's .env, without a value on any command line. @returns all that it has then, by name */
export async function editEnv(rig: Rig, server: RigServer, folder: string, values: Record<string, string>) {
  plantKeys(values)
  const path = `${folder}/.env`
  const text = editDotenv(await onServer(rig, server, `cat ${path}`), values)
  const copy = join(mkdtempSync(join(tmpdir(), 'ai-deploy-e2e-env-')), 'env')
  writeFileSync(copy, text, { mode: 0o600 })
  await copyToServer(rig, server, copy, path)
  return parseDotenv(text).values
}

/** Everything that `ai-deploy` wrote there, except logs and certificates: path, modification time and mode of each file. */
export function snapshot(rig: Rig, server: RigServer, folder: string): Promise<string> {
  const find = `find ${folder} -path ${folder}/logs -prune -o -path ${folder}/certs -prune -o -printf '%p %T@ %m\\n'`
  return onServer(rig, server, `${find} | sort`)
}
