import { parseDocument } from 'yaml'
import { sha256 } from '../kit/sha256.ts'
import type { ServerSettings } from './server-settings.ts'
import { renderYaml } from './yaml.ts'

/** Fills the shipped traefik/traefik.yml; comments stay. */
export function renderTraefikConfig(base: string, { acme, httpsPort }: ServerSettings): string {
  const document = parseDocument(base)
  const account = ['certificatesResolvers', 'letsencrypt', 'acme']
  if (acme.email) document.setIn([...account, 'email'], acme.email)
  document.setIn([...account, 'storage'], `/certs/${acme.storage}`)
  document.setIn([...account, 'caServer'], acme.caServer)
  if (acme.hasCaFile) document.setIn([...account, 'caCertificates'], ['/etc/traefik/acme-ca.pem'])
  if (httpsPort !== 443) {
    document.setIn(['entryPoints', 'web', 'http', 'redirections', 'entryPoint', 'to'], `:${httpsPort}`)
  }
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

/** A change of any file that Traefik reads only at its start changes a label, and with it the container. */
export function renderEdgeCompose({ settings, traefikConfig, acmeCa, container, network }: EdgeComposeInput): string {
  return renderYaml({
    services: {
      traefik: {
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
        stop_grace_period: '15s',
        healthcheck: {
          test: ['CMD', 'traefik', 'healthcheck', '--configFile=/etc/traefik/traefik.yml'],
          interval: '30s',
          timeout: '5s',
          retries: 3,
        },
        logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
        labels: { 'ai-deploy.edge': sha256(traefikConfig + (acmeCa ?? '')).slice(0, 16) },
      },
    },
    networks: { edge: { external: true, name: network } },
  })
}
