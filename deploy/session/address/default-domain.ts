import { resolve4 } from 'node:dns/promises'
import type { Options } from '../../local/options.ts'
import { addressUnknown } from '../../plan/server-env.ts'
import { publicAddress } from '../../server/public-address.ts'
import type { OpenServer } from '../open-server.ts'

/** A domain made from the server's public address; null when that is not known. */
export async function defaultDomain(
  { ip, service, name }: Options,
  { connection, facts }: OpenServer,
): Promise<string | null> {
  const sources = {
    given: ip,
    dialled: connection.host.address,
    connection: connection.serverAddress,
    interfaces: facts.interfaces,
  }
  const address = await publicAddress(sources, (name) => resolve4(name).catch(() => []))
  return address === null ? null : `${name ?? 'ai-proxy'}.${address}.${service ?? 'nip.io'}`
}

/** The domain that the options make of the address; undefined if they do not. @throws UserError ADDRESS_UNKNOWN */
export async function chosenDomain(options: Options, open: OpenServer): Promise<string | undefined> {
  const { service, name, domain } = options
  if (domain !== null || (service === null && name === null)) return undefined
  const chosen = await defaultDomain(options, open)
  if (chosen === null) throw addressUnknown()
  return chosen
}
