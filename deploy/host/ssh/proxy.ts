import type { Duplex } from 'node:stream'
import { openPipe } from '../local-host.ts'

export interface ProxyTarget {
  hostname: string
  port: number
  user: string
}

interface Proxy {
  /** ProxyCommand of ssh_config(5). */
  command: string | null
  /** ProxyJump: hosts, separated by commas. */
  jump: string | null
}

/** Opens the way to a host as OpenSSH would; null where that is a plain TCP connection. */
export function proxyOpener(
  { command, jump }: Proxy,
  target: ProxyTarget,
  configArgs: string[],
): (() => Duplex) | null {
  if (jump !== null) return jumpOpener(jump, target, configArgs)
  if (command === null) return null
  const tokens: Record<string, string> = {
    '%h': target.hostname,
    '%p': String(target.port),
    '%r': target.user,
    '%%': '%',
  }
  const line = command.replace(/%[hpr%]/g, (token) => tokens[token] ?? token)
  return () => openPipe(['sh', '-c', `exec ${line}`])
}

function jumpOpener(jump: string, { hostname, port }: ProxyTarget, configArgs: string[]): () => Duplex {
  const hops = jump.split(',')
  const last = hops.pop() ?? ''
  const earlier = hops.length > 0 ? ['-J', hops.join(',')] : []
  // As a URI, since only there a hop may have a port.
  return () => openPipe(['ssh', ...configArgs, ...earlier, '-W', `[${hostname}]:${port}`, `ssh://${last}`])
}
