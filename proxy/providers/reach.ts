import { BlockList, isIP } from 'node:net'
import { resolve } from 'node:path'
import * as tls from 'node:tls'
import { readTextIfPresent } from '../../kit/files.ts'
import type { ProviderOptions } from '../../kit/gateway-config/config-file.ts'
import { certificatesIn, FORMAT_MEANINGS, proxyUrlIn } from '../../kit/gateway-config/formats.ts'
import type { Environment } from '../../kit/settings/environment.ts'
import { configInvalid } from '../../kit/user-error.ts'
import { isLoopback } from '../settings.ts'
import type { ConnectionOptions } from '../upstream/connections.ts'
import { proxyHeaders } from '../upstream/outbound-proxy.ts'

/** Node 20 has no such function, and its types do not know it. */
const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] }
const PROXY_VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY'] as const
/** The brackets are those of an address of IPv6. */
const HOST_AND_PORT = /^\[?(.*?)\]?(?::(\d+))?$/
const DEFAULT_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443' }

/** What decides how providers are reached, for all of them. */
export interface ReachSettings {
  environment: Environment
  /** Folder that relative paths start from. */
  cwd: string
}

/**
 * How a provider is reached.
 * @throws UserError CONFIG_INVALID
 */
export function reachOf(
  baseUrl: string,
  { ca, caFile }: ProviderOptions,
  { environment, cwd }: ReachSettings,
): ConnectionOptions {
  const own = [
    ...(ca === undefined ? [] : certificatesIn(ca)),
    ...(caFile === undefined ? [] : readCaFile(caFile, cwd)),
  ]
  return { proxy: proxyFor(new URL(baseUrl), environment), ca: own.length > 0 ? [...usualCa(), ...own] : undefined }
}

/** The passwords of the proxies, and how they are sent; a name without a password is one. */
export function proxySecrets(environment: Environment): string[] {
  const urls = PROXY_VARIABLES.map((name) => proxyUrlIn(variableIn(name, environment) ?? ''))
  return urls.flatMap((url) => {
    const sent = Object.values(url ? proxyHeaders(url) : {}).map((value) => value.replace(/^Basic /, ''))
    return url ? [decodeURIComponent(url.password || url.username), ...sent] : []
  })
}

function readCaFile(file: string, cwd: string): string[] {
  const path = resolve(cwd, file)
  const text = readTextIfPresent(path)
  const certificates = certificatesIn(text ?? '')
  if (certificates.length > 0) return certificates
  const problem = text === undefined ? 'does not exist' : `does not hold ${FORMAT_MEANINGS.certificates}`
  throw configInvalid(`ca_file ${path} ${problem}`, 'correct provider_options in config.yml')
}

/** Those that are trusted where no list is given. */
function usualCa(): readonly string[] {
  return getCACertificates?.('default') ?? tls.rootCertificates
}

/** The variables are those that most programs know, in upper and in lower case. */
function proxyFor({ protocol, hostname, port }: URL, environment: Environment): URL | undefined {
  const name = PROXY_VARIABLES[protocol === 'https:' ? 0 : 1]
  const value = variableIn(name, environment)
  if (value === undefined) return undefined
  const proxy = proxyUrlIn(value)
  if (!proxy) {
    throw configInvalid(
      `${name}: found a value that cannot be used, allowed: ${FORMAT_MEANINGS['proxy-url']}`,
      'correct it',
    )
  }
  const host = hostname.replace(/^\[|\]$|\.$/g, '')
  if (isLoopback(host) || host.endsWith('.localhost')) return undefined
  const exceptions = (variableIn('NO_PROXY', environment) ?? '').toLowerCase().split(/[\s,]+/)
  const isException = exceptions.some((exception) =>
    isReachedDirectly(host, port || DEFAULT_PORTS[protocol], exception),
  )
  return isException ? undefined : proxy
}

function variableIn(name: string, environment: Environment): string | undefined {
  return environment[name.toLowerCase()] || environment[name] || undefined
}

/** @param exception `*`, a name that also means the names below it, an address or a network, perhaps with a port */
function isReachedDirectly(host: string, port: string | undefined, exception: string): boolean {
  if (exception === '*') return true
  if (exception.includes('/')) return isInNetwork(host, exception)
  const [, name = '', wantedPort] = isIP(exception) > 0 ? ['', exception] : (HOST_AND_PORT.exec(exception) ?? [])
  if (wantedPort !== undefined && wantedPort !== port) return false
  // An address of IPv6 can be written in several ways.
  if (isIP(name) > 0) return isInNetwork(host, `${name}/${isIP(name) === 4 ? 32 : 128}`)
  const plain = name.replace(/^\*?\./, '').replace(/\.$/, '')
  return plain !== '' && (host === plain || (isIP(host) === 0 && host.endsWith(`.${plain}`)))
}

function isInNetwork(host: string, network: string): boolean {
  const [address = '', prefix] = network.split('/')
  const [family, hostFamily] = [isIP(address), isIP(host)]
  const bits = Number(prefix)
  if (family === 0 || family !== hostFamily || !(bits >= 0 && bits <= (family === 4 ? 32 : 128))) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(address, bits, type)
  return list.check(host, type)
}
