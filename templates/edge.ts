import { isIP } from 'node:net'
import { parse, parseDocument } from 'yaml'
import { sha256 } from '../kit/sha256.ts'
import type { ServerSettings } from './server-settings.ts'
import { renderYaml } from './yaml.ts'

/**
 * Let's Encrypt gives certificates for addresses with this profile only, which end after 160 hours, and not if the address is
 * their common name. Traefik renews them in time when it knows how long they last.
 */
const FOR_ADDRESS = { profile: 'shortlived', disableCommonName: true, certificatesDuration: 160 }

/**
 * Fills the shipped traefik/traefik.yml; comments stay.
 * @param readsStore false for an edge that neither reads certificates of a CA nor asks for any
 */
export function renderTraefikConfig(
  base: string,
  { domain, acme, httpsPort }: ServerSettings,
  readsStore = true,
): string {
  const document = parseDocument(base)
  const account = ['certificatesResolvers', 'letsencrypt', 'acme']
  if (acme.email) document.setIn([...account, 'email'], acme.email)
  document.setIn([...account, 'storage'], `/certs/${acme.storage}`)
  document.setIn([...account, 'caServer'], acme.caServer)
  if (acme.hasCaFile) document.setIn([...account, 'caCertificates'], ['/etc/traefik/acme-ca.pem'])
  if (httpsPort !== 443) {
    document.setIn(['entryPoints', 'web', 'http', 'redirections', 'entryPoint', 'to'], `:${httpsPort}`)
  }
  if (isIP(domain) !== 0) {
    for (const [name, value] of Object.entries(FOR_ADDRESS)) document.setIn([...account, name], value)
  }
  if (!readsStore) document.delete('certificatesResolvers')
  return document.toString()
}

export interface EdgeComposeInput {
  settings: ServerSettings
  traefikConfig: string
  /** Content of edge/acme-ca.pem, if there is one. */
  acmeCa: string | null
  container: string
  network: string
}

/** A label shows which files a container was made from: what Traefik reads only at its start, and this one. */
export function renderEdgeCompose(input: EdgeComposeInput): string {
  const { traefikConfig, acmeCa, network } = input
  const edge = edgeService(input)
  const label = sha256(JSON.stringify(edge) + traefikConfig + (acmeCa ?? '')).slice(0, 16)
  const traefik = { ...edge, labels: { 'ai-deploy.edge': label } }
  return renderYaml({ services: { traefik }, networks: { edge: { external: true, name: network } } })
}

function edgeService({ settings, acmeCa, container }: EdgeComposeInput) {
  return {
    image: settings.traefikImage,
    container_name: container,
    command: ['--configFile=/etc/traefik/traefik.yml'],
    restart: 'unless-stopped',
    ports: [`${settings.httpPort}:80`, `${settings.httpsPort}:443`],
    volumes: [
      './traefik.yml:/etc/traefik/traefik.yml:ro',
      './dynamic:/etc/traefik/dynamic:ro',
      '../certs:/certs',
      ...(acmeCa === null ? [] : ['./acme-ca.pem:/etc/traefik/acme-ca.pem:ro']),
    ],
    networks: ['edge'],
    read_only: true,
    cap_drop: ['ALL'],
    cap_add: ['NET_BIND_SERVICE'],
    security_opt: ['no-new-privileges:true'],
    stop_grace_period: '10s',
    healthcheck: {
      test: ['CMD', 'traefik', 'healthcheck', '--configFile=/etc/traefik/traefik.yml'],
      interval: '30s',
      timeout: '5s',
      retries: 3,
    },
    logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
  }
}

/**
 * The Compose file of a second edge, which answers while the first one is replaced: like the first, but without ports of the
 * server. It only reads certificates, so that never two edges write them, and is not started again after a reboot.
 * @param compose of the first edge, also of an earlier version; its folder is the parent of this one's
 */
export function renderSecondEdge(compose: string, container: string): string {
  const { services, networks } = parse(compose)
  const { ports: _ports, labels: _labels, ...edge } = services.traefik
  const volumes = edge.volumes.map((volume: string) => {
    if (volume.startsWith('../')) return `../${volume.replace(/(:ro)?$/, ':ro')}`
    return volume.startsWith('./dynamic:') ? `.${volume}` : volume
  })
  const second = { ...edge, container_name: container, restart: 'no', volumes }
  return renderYaml({ services: { traefik: second }, networks })
}

/** The Compose file of an edge that only gets a certificate, on port 80. Its folder is in that of the edge. */
export function renderCertificateEdge(compose: string, container: string): string {
  const { services, networks } = parse(compose)
  const { labels: _labels, ...edge } = services.traefik
  const volumes = edge.volumes.map((volume: string) => (volume.startsWith('../') ? `../${volume}` : volume))
  const certificate = { ...edge, container_name: container, restart: 'no', ports: ['80:80'], volumes }
  return renderYaml({ services: { traefik: certificate }, networks })
}

/** Ports of the server and of the container, as in `443:443`. */
export function edgePorts(compose: string): string[] {
  try {
    return parse(compose).services.traefik.ports
  } catch {
    return []
  }
}
