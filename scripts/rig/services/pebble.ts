import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import type { Layout, ServerLayout } from '../layout.ts'
import { type Daemon, isDaemonAlive, startDaemon, waitUntilListening } from '../machine/daemon.ts'
import { run } from '../machine/run.ts'
import type { Acme } from '../rig-file.ts'

const NINETY_DAYS_S = 90 * 24 * 60 * 60

/**
 * Runs a real ACME CA for one server. Its DNS resolves every name to that server. Needs the certificate of
 * {@link makeDirectoryCertificate}.
 */
export async function pebbleUp(layout: Layout, server: ServerLayout): Promise<void> {
  await startDns(layout, server)
  const daemon = pebbleDaemon(layout, server)
  if (isDaemonAlive(daemon)) return
  startDaemon(daemon, ['pebble', '-config', writeConfig(layout, server), '-dnsserver', dnsAddress(layout, server)], {
    // By default Pebble sleeps and rejects some nonces, as a real CA may. That would only make runs slower.
    env: { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' },
  })
  await waitUntilListening(daemon, layout.gateway, server.pebble.directoryPort)
  await waitUntilListening(daemon, layout.gateway, server.pebble.managementPort)
  await recordRoot(layout, server)
}

export function acmeOf(layout: Layout, { name, pebble }: ServerLayout): Acme {
  return {
    directoryUrl: `https://${layout.gateway}:${pebble.directoryPort}/dir`,
    caCertPath: join(layout.stateDir, 'pebble-ca.pem'),
    rootsPath: join(layout.stateDir, `pebble-${name}-roots.pem`),
  }
}

export function pebbleDaemon({ stateDir }: Layout, { name }: ServerLayout): Daemon {
  return { folder: stateDir, name: `pebble-${name}` }
}

export function dnsDaemon({ stateDir }: Layout, { name }: ServerLayout): Daemon {
  return { folder: stateDir, name: `dns-${name}` }
}

/** Makes the self-signed certificate that the ACME directories of all servers use. */
export async function makeDirectoryCertificate({ stateDir, gateway }: Layout): Promise<void> {
  const cert = join(stateDir, 'pebble-ca.pem')
  if (existsSync(cert)) return
  const keyAlgorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const files = ['-keyout', join(stateDir, 'pebble-ca.key'), '-out', cert]
  const subject = ['-days', '3650', '-subj', '/CN=ai-deploy rig', '-addext', `subjectAltName=IP:${gateway}`]
  await run(['openssl', 'req', '-x509', ...keyAlgorithm, ...files, ...subject])
}

async function startDns(layout: Layout, server: ServerLayout): Promise<void> {
  const daemon = dnsDaemon(layout, server)
  const everyName = ['-defaultIPv4', server.ip, '-defaultIPv6', '']
  const noChallengeServers = ['-http01', '', '-https01', '', '-tlsalpn01', '']
  const management = `${layout.gateway}:${server.pebble.dnsManagementPort}`
  const addresses = ['-dns01', dnsAddress(layout, server), '-management', management]
  startDaemon(daemon, ['pebble-challtestsrv', ...everyName, ...noChallengeServers, ...addresses])
  await waitUntilListening(daemon, layout.gateway, server.pebble.dnsManagementPort)
}

function writeConfig(layout: Layout, { name, pebble }: ServerLayout): string {
  const { stateDir, gateway } = layout
  const path = join(stateDir, `pebble-${name}.json`)
  const config = {
    pebble: {
      listenAddress: `${gateway}:${pebble.directoryPort}`,
      managementListenAddress: `${gateway}:${pebble.managementPort}`,
      certificate: join(stateDir, 'pebble-ca.pem'),
      privateKey: join(stateDir, 'pebble-ca.key'),
      httpPort: 80,
      tlsPort: 443,
      ocspResponderURL: '',
      externalAccountBindingRequired: false,
      certificateValidityPeriod: NINETY_DAYS_S,
    },
  }
  writeFileSync(path, JSON.stringify(config, null, 2))
  return path
}

/** Pebble makes a new root at every start. Earlier roots stay in the file, so that earlier certificates stay trusted. */
async function recordRoot(layout: Layout, server: ServerLayout): Promise<void> {
  const { caCertPath, rootsPath } = acmeOf(layout, server)
  const dispatcher = new Agent({ connect: { ca: readFileSync(caCertPath, 'utf8') } })
  const url = `https://${layout.gateway}:${server.pebble.managementPort}/roots/0`
  const { body } = await request(url, { dispatcher })
  appendFileSync(rootsPath, await body.text())
  await dispatcher.close()
}

function dnsAddress({ gateway }: Layout, { pebble }: ServerLayout): string {
  return `${gateway}:${pebble.dnsPort}`
}
