import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasErrorCode } from '../../kit/user-error.ts'
import { rigError } from './errors.ts'
import { OTHER_USERS, rigLayout, type ServerAddress, upCommand } from './layout.ts'

/** A running rig, as `up` recorded it in rig.json. */
export interface Rig {
  id: number
  subnet: string
  gateway: string
  /** Has an alias for root of each server, and one for each other user: `-admin`, `-ops`, `-guest`. */
  sshConfigPath: string
  identityPath: string
  knownHostsPath: string
  servers: RigServer[]
  /** Base URL of the mock provider. It speaks OpenAI's API. */
  upstreamUrl: string
  /** Holds the sudo password of `ops`. */
  opsPasswordPath: string
  /** Mirror from which the servers pull images. */
  registryUrl: string
}

export interface RigServer extends ServerAddress {
  acme: Acme
}

/** The CA of one server. */
export interface Acme {
  directoryUrl: string
  /** Certificate to trust for the directory itself. */
  caCertPath: string
  /** Certificates to trust for what the CA issues. */
  rootsPath: string
}

/** @throws UserError RIG_NOT_UP if the rig was never started or was taken down. */
export function readRig(id: number): Rig {
  try {
    return JSON.parse(readFileSync(rigFile(id), 'utf8')) as Rig
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) throw error
    throw rigError('RIG_NOT_UP', `rig ${id} is not up`, `run: ${upCommand(id)}`)
  }
}

/** Replaces the file in one step, so that a reader never sees half of it. */
export function writeRig(rig: Rig): void {
  const path = rigFile(rig.id)
  mkdirSync(rigLayout(rig.id).stateDir, { recursive: true })
  writeFileSync(`${path}.new`, `${JSON.stringify(rig, null, 2)}\n`)
  renameSync(`${path}.new`, path)
}

/**
 * The server with this name, or the first one without a name.
 * @throws UserError RIG_SERVER_NAME that lists the names
 */
export function findServer({ servers }: Rig, name?: string): RigServer {
  const found = servers.find((server) => name === undefined || server.name === name || server.host === name)
  if (found) return found
  const names = servers.map((server) => server.name).join(', ')
  const message = `the rig has no server "${name}"`
  const hint = `use one of ${names} (as root), or add -${OTHER_USERS.join(', -')} to log in as another user`
  throw rigError('RIG_SERVER_NAME', message, hint)
}

function rigFile(id: number): string {
  return join(rigLayout(id).stateDir, 'rig.json')
}
