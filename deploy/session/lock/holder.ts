import { hostname, userInfo } from 'node:os'
import type { Connection } from '../../server/connect.ts'

/** Who we are, for the audit and for others who want the lock: local user, machine and address, and user on the server. */
export function actorOf({ user, clientAddress }: Pick<Connection, 'user' | 'clientAddress'>): string {
  const address = clientAddress === null ? '' : ` (${clientAddress})`
  return `${userInfo().username}@${hostname()}${address} as ${user}`
}

/** One line. */
export function holderName(actor: string, verb: string, since: Date): string {
  return `${actor}, ${verb}, since ${since.toISOString()}`
}
