import { resolve4 } from 'node:dns/promises'
import type { Options } from '../local/options.ts'
import { publicAddress } from '../server/public-address.ts'
import type { OpenServer } from './open-server.ts'

/** A domain made from the server's public address; null when that is not known. */
export async function defaultDomain({ ip }: Options, { connection, facts }: OpenServer): Promise<string | null> {
  const sources = {
    given: ip,
    dialled: connection.host.address,
    connection: connection.serverAddress,
    interfaces: facts.interfaces,
  }
  const address = await publicAddress(sources, (name) => resolve4(name).catch(() => []))
  return address === null ? null : `ai-proxy.${address}.nip.io`
}
