import { BlockList, isIP, isIPv4 } from 'node:net'

/** Ranges that cannot be reached from the internet (IANA special-purpose registries). */
const NOT_PUBLIC = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  NOT_PUBLIC.addSubnet(network, prefix)
}

export function isPublicIPv4(address: string): boolean {
  return isIPv4(address) && !NOT_PUBLIC.check(address)
}

export interface AddressSources {
  /** What the user gave (`--ip`). */
  given: string | null
  /** Host name or address that was dialled. */
  dialled: string | null
  /** The server's end of the SSH connection. */
  connection: string | null
  interfaces: readonly string[]
}

/** The server's public IPv4 address, found without asking any other server; null when no source has one. */
export async function publicAddress(
  { given, dialled, connection, interfaces }: AddressSources,
  lookup: (name: string) => Promise<string[]>,
): Promise<string | null> {
  if (given !== null) return given
  const addresses = dialled === null || isIP(dialled) ? [dialled] : await lookup(dialled)
  return [...addresses, connection, ...interfaces].find((address) => address !== null && isPublicIPv4(address)) ?? null
}
