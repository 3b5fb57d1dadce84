import { resolve4 } from 'node:dns/promises'
import { isIP } from 'node:net'
import { errorMessage } from '../../../kit/user-error.ts'
import type { Options } from '../../local/options.ts'
import type { Facts } from '../../server/facts.ts'
import { publicAddress } from '../../server/public-address.ts'
import type { OpenServer } from '../../session/open-server.ts'
import { type Check, failed, passed } from '../../session/shown/check-rows.ts'

const MAX_SKEW_S = 300

/** Both the CA and clients refuse what is not valid yet. */
export function clockCheck({ clockS }: Facts): Check<'clock'> {
  const skewS = Math.round(clockS - Date.now() / 1000)
  if (Math.abs(skewS) < MAX_SKEW_S) return passed('clock', 'the clock of the server is right')
  const says = `the clock of the server is ${Math.abs(skewS)} s ${skewS > 0 ? 'ahead' : 'late'}`
  return failed('clock', says, 'on the server: timedatectl set-ntp true')
}

export function storeCheck({ storeFaults: [fault] }: Facts): Check<'store'> {
  if (fault === undefined) return passed('store', 'the edge can use certs/')
  const path = fault.file === '.' ? 'certs' : `certs/${fault.file}`
  return failed('store', `the edge cannot use ${path}: wrong ${fault.kind}`, 'run a deploy, which repairs it')
}

/** The server's public address as far as it is known; null if not. */
function ownAddress({ ip }: Options, { connection, facts }: OpenServer): Promise<string | null> {
  const sources = { given: ip, dialled: connection.host.address, connection: connection.serverAddress }
  return publicAddress({ ...sources, interfaces: facts.interfaces }, (name) => resolve4(name).catch(() => []))
}

export async function dnsCheck(options: Options, open: OpenServer, domain: string): Promise<Check<'dns'>> {
  const fixed = options.resolve[domain]
  if (fixed !== undefined) return passed('dns', `${domain} is taken as ${fixed} (--resolve)`)
  const own = await ownAddress(options, open)
  const record = `make a DNS record of type A for ${domain} with the address ${own ?? 'of the server'}`
  try {
    const found = isIP(domain) === 0 ? await resolve4(domain) : [domain]
    const isOk = own === null || found.includes(own)
    const says = `${domain} is ${found.join(', ')}${isOk ? '' : `, but the server is ${own}`}`
    return isOk ? passed('dns', says) : failed('dns', says, record)
  } catch (error) {
    return failed('dns', `${domain} has no address: ${errorMessage(error)}`, record)
  }
}
