import { createHash, randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasErrorCode } from '../../../kit/user-error.ts'
import { moveDurably, syncPath } from './durable.ts'

const FILE = '.server_id'
/** The name space of DNS names, RFC 9562. */
const DNS_NAMESPACE = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex')

/** The server that wrote the logs. Its id is part of every row and every request id. */
export interface ServerIdentity {
  serverId: string
  hostname: string
  /** For example dev or production. */
  env: string
  /** When its first rows were written, in seconds since 1970, if that is known. */
  firstSeenTs?: number | null
}

/** The id in .server_id of a log database; undefined if there is none. */
export function readServerId(base: string): string | undefined {
  try {
    return readFileSync(join(base, FILE), 'utf8').trim() || undefined
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/**
 * Gives a log database a permanent identity and returns it; if two processes do so at once, one decides. If the file
 * cannot be written, the id is made from the host's name, so that it is the same each time.
 */
export function createServerId(base: string, { hostname, env }: { hostname: string; env: string }): string {
  try {
    mkdirSync(base, { recursive: true })
    const id = randomUUID()
    if (createDurably(base, `${id}\n`)) return id
    return readServerId(base) ?? nameBasedId(hostname, env)
  } catch {
    return nameBasedId(hostname, env)
  }
}

/** Gives a log database another identity. */
export function replaceServerId(base: string, id: string): void {
  const temporary = join(base, `${FILE}.${randomUUID()}`)
  writeFileSync(temporary, `${id}\n`)
  moveDurably(temporary, join(base, FILE))
}

function nameBasedId(hostname: string, env: string): string {
  return uuid5(`ai-proxy|${hostname}|${env}`)
}

/** False if the file exists. It appears with its content or not at all, even if this process is killed. */
function createDurably(base: string, text: string): boolean {
  const temporary = join(base, `${FILE}.${randomUUID()}`)
  writeFileSync(temporary, text)
  try {
    syncPath(temporary)
    linkSync(temporary, join(base, FILE))
    syncPath(base)
    return true
  } catch (error) {
    if (hasErrorCode(error, 'EEXIST')) return false
    throw error
  } finally {
    rmSync(temporary, { force: true })
  }
}

function uuid5(name: string): string {
  const bytes = createHash('sha1').update(DNS_NAMESPACE).update(name).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
