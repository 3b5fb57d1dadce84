import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasErrorCode, UserError } from '../../kit/user-error.ts'
import { rigLayout, type ServerAddress } from './layout.ts'

/** A running rig, as `up` left it. */
export interface Rig {
  id: number
  subnet: string
  gateway: string
  /** Has an alias for each server (root) and for its other users: `-admin`, `-ops`, `-guest`. */
  sshConfigPath: string
  identityPath: string
  knownHostsPath: string
  servers: RigServer[]
  /** OpenAI-speaking mock; the base URL of a provider. */
  upstreamUrl: string
  /** Holds the sudo password of `ops`. */
  opsPasswordPath: string
  /** Mirror from which the servers pull images. */
  registryUrl: string
}

export interface RigServer extends ServerAddress {
  acme: Acme
}

/** A CA of the server's own; its DNS sends every name to this server. */
export interface Acme {
  directoryUrl: string
  /** Trust for the directory itself. */
  caCertPath: string
  /** Trust for the certificates that the CA issues. */
  rootsPath: string
}

/** The rig with this id. @throws UserError RIG_NOT_UP when it was never started or has been taken down. */
export function readRig(id: number): Rig {
  try {
    return JSON.parse(readFileSync(rigFile(id), 'utf8')) as Rig
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) throw error
    throw new UserError('RIG_NOT_UP', `Rig ${id} is not up.`, { hint: `Run: npm run rig -- up${idOption(id)}` })
  }
}

/** Replaces the file in one step, so that a reader never sees half of it. */
export function writeRig(rig: Rig): void {
  const path = rigFile(rig.id)
  mkdirSync(rigLayout(rig.id).stateDir, { recursive: true })
  writeFileSync(`${path}.new`, `${JSON.stringify(rig, null, 2)}\n`)
  renameSync(`${path}.new`, path)
}

export function idOption(id: number): string {
  return id === 0 ? '' : ` --id ${id}`
}

function rigFile(id: number): string {
  return join(rigLayout(id).stateDir, 'rig.json')
}
