import { BlockList, isIP } from 'node:net'
import { LETS_ENCRYPT, LETS_ENCRYPT_STAGING, type ServerSettings } from '../../../templates/server-settings.ts'
import { deployError } from '../../errors.ts'

/** First versions of Traefik that ask for a certificate of an address, and renew it, as Let's Encrypt wants it. */
const FIRST_PATCHES: Record<string, number> = { '3.6': 22, '3.7': 6 }

/** No CA can reach these, or tell whose they are. */
const NOT_PUBLIC = new BlockList()
for (const network of [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.168.0.0/16', '224.0.0.0/3'],
]) {
  const [address = '', prefix] = network.split('/')
  NOT_PUBLIC.addSubnet(address, Number(prefix))
}

/** @throws UserError CONFIG_INVALID if the server's name is an address for which no certificate can be had */
export function checkAddress({ domain, acme, traefikImage }: ServerSettings): void {
  if (isIP(domain) === 0) return
  const why = obstacle(domain, acme.caServer, traefikImage)
  if (why === undefined) return
  throw deployError(
    'CONFIG_INVALID',
    `no certificate can be had for the address ${domain}: ${why}`,
    'take a name made of the address (--service nip.io), or give a certificate with --cert FILE --key FILE',
  )
}

function obstacle(address: string, caServer: string, image: string): string | undefined {
  if (isIP(address) === 6) return 'only IPv4 addresses are supported'
  if (NOT_PUBLIC.check(address)) return 'it is not a public address'
  if (![LETS_ENCRYPT, LETS_ENCRYPT_STAGING].includes(caServer)) {
    return `only Let's Encrypt is known to issue one, and ACME_CA_SERVER is ${caServer}`
  }
  const version = tooOld(image)
  return version && `Traefik ${version} cannot ask for it; TRAEFIK_IMAGE must be 3.6.22, 3.7.6 or later`
}

/** The version of an image that is too old; undefined if it is new enough, or its tag does not say. */
function tooOld(image: string): string | undefined {
  const [, version = '', major, minor, patch] = /:v?((\d+)(?:\.(\d+))?(?:\.(\d+))?)/.exec(image) ?? []
  if (major === undefined || Number(major) > 3) return undefined
  if (Number(major) < 3 || (minor !== undefined && Number(minor) < 6)) return version
  const first = FIRST_PATCHES[`${major}.${minor}`] ?? 0
  return patch !== undefined && Number(patch) < first ? version : undefined
}
