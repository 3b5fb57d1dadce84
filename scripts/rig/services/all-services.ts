import type { Layout } from '../layout.ts'
import type { Daemon } from '../machine/daemon.ts'
import { dnsDaemon, pebbleDaemon } from './pebble.ts'
import { registryDaemon } from './registry.ts'
import { upstreamDaemon } from './upstream.ts'

/** The processes of a rig on this machine. */
export function allServices(layout: Layout): Daemon[] {
  const perServer = layout.servers.flatMap((server) => [pebbleDaemon(layout, server), dnsDaemon(layout, server)])
  return [registryDaemon(layout), upstreamDaemon(layout), ...perServer]
}
