import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { edgeFiles } from '../../deploy/plan/edge-files.ts'
import { packageRoot } from '../../kit/package-root.ts'
import { edgePorts, renderCertificateEdge, renderSecondEdge, renderTraefikConfig } from '../../templates/edge.ts'
import { serverSettings } from '../../templates/server-settings.ts'

const BASE = readFileSync(join(packageRoot(), 'traefik/traefik.yml'), 'utf8')
const edge = (environment: Record<string, string> = {}, acmeCa: string | null = null) =>
  edgeFiles(serverSettings(environment, acmeCa !== null), BASE, acmeCa)

test('an address gets the short-lived certificates that Let’s Encrypt gives for it, and a name does not', () => {
  const account = (domain: string) => parse(edge({ DOMAIN: domain }).traefik).certificatesResolvers.letsencrypt.acme
  const { profile, disableCommonName, certificatesDuration, ...others } = account('203.0.113.7')
  expect({ profile, disableCommonName, certificatesDuration }).toEqual({
    ...{ profile: 'shortlived', disableCommonName: true, certificatesDuration: 160 },
  })
  expect(account('llm.example.com')).toEqual(others)
})

test('an edge with the certificate of its owner only has no resolver', () => {
  const base = edge({ DOMAIN: 'llm.example.com' }).traefik
  const owned = edgeFiles(serverSettings({ DOMAIN: 'llm.example.com' }, false), BASE, null, false).traefik
  const { certificatesResolvers, ...others } = parse(base)
  expect([Object.keys(certificatesResolvers), parse(owned)]).toEqual([['letsencrypt'], others])
})

test('the Compose file of the edge', () => {
  expect(edge().compose).toMatchInlineSnapshot(`
    "services:
      traefik:
        image: traefik:v3.6
        container_name: ai-proxy-edge
        command:
          - --configFile=/etc/traefik/traefik.yml
        restart: unless-stopped
        ports:
          - 80:80
          - 443:443
        volumes:
          - ./traefik.yml:/etc/traefik/traefik.yml:ro
          - ./dynamic:/etc/traefik/dynamic:ro
          - ../certs:/certs
        networks:
          - edge
        read_only: true
        cap_drop:
          - ALL
        cap_add:
          - NET_BIND_SERVICE
        security_opt:
          - no-new-privileges:true
        stop_grace_period: 10s
        healthcheck:
          test:
            - CMD
            - traefik
            - healthcheck
            - --configFile=/etc/traefik/traefik.yml
          interval: 30s
          timeout: 5s
          retries: 3
        logging:
          driver: json-file
          options:
            max-size: 10m
            max-file: "3"
        labels:
          ai-deploy.edge: 8f8a67a97e02e194
    networks:
      edge:
        external: true
        name: ai-proxy-edge
    "
  `)
})

test('its ports, image and trusted CA are settings', () => {
  const { compose } = edge({ HTTP_PORT: '8080', HTTPS_PORT: '8443', TRAEFIK_IMAGE: 'traefik:v3.6.1' }, 'PEM')
  const { traefik } = parse(compose).services
  expect([traefik.image, traefik.ports, traefik.volumes.at(-1)]).toEqual([
    'traefik:v3.6.1',
    ['8080:80', '8443:443'],
    './acme-ca.pem:/etc/traefik/acme-ca.pem:ro',
  ])
})

test('a reader of YAML 1.1 sees the same texts', () => {
  const { compose } = edge({ HTTP_PORT: '22', HTTPS_PORT: '23', TRAEFIK_IMAGE: '12:34' })
  expect(parse(compose, { version: '1.1' })).toEqual(parse(compose, { version: '1.2' }))
  expect(parse(compose, { version: '1.1' }).services.traefik).toMatchObject({
    image: '12:34',
    ports: ['22:80', '23:443'],
  })
})

test('a change of what Traefik reads at its start changes the container', () => {
  const labels = [
    edge(),
    edge({ ACME_EMAIL: 'me@example.com' }),
    edge({ ACME_STAGING: 'true' }),
    edge({}, 'PEM'),
    edge({}, 'other'),
    edge({ HTTPS_PORT: '8443' }),
  ].map(({ compose }) => parse(compose).services.traefik.labels['ai-deploy.edge'])
  expect(new Set(labels).size).toBe(labels.length)
  const same = edge({ DOMAIN: 'llm.example.com', HOST_UID: '5' })
  expect(parse(same.compose).services.traefik.labels['ai-deploy.edge']).toBe(labels[0])
})

test('traefik.yml keeps its comments and gets the account', () => {
  const rendered = edge({ ACME_EMAIL: 'me@example.com' }).traefik
  const added = rendered.split('\n').filter((line) => !BASE.split('\n').includes(line))
  expect(added).toEqual([
    '      email: me@example.com',
    '      storage: /certs/acme.json',
    '      caServer: https://acme-v02.api.letsencrypt.org/directory',
  ])
  const lost = BASE.split('\n').filter((line) => !rendered.split('\n').includes(line))
  expect(lost).toEqual([])
})

test('another CA, its trusted certificate and another port go into traefik.yml', () => {
  const staging = parse(edge({ ACME_STAGING: 'TRUE' }).traefik).certificatesResolvers.letsencrypt.acme
  expect(staging).toEqual({
    keyType: 'EC256',
    httpChallenge: { entryPoint: 'web' },
    storage: '/certs/acme-staging.json',
    caServer: 'https://acme-staging-v02.api.letsencrypt.org/directory',
  })
  const own = parse(edge({ ACME_CA_SERVER: 'https://ca.test/dir', HTTPS_PORT: '8443' }, 'PEM').traefik)
  expect(own.certificatesResolvers.letsencrypt.acme).toMatchObject({
    caServer: 'https://ca.test/dir',
    caCertificates: ['/etc/traefik/acme-ca.pem'],
  })
  expect(own.entryPoints.web.http.redirections.entryPoint).toEqual({
    to: ':8443',
    scheme: 'https',
    permanent: true,
    priority: 10,
  })
})

test('without changes the shipped file is still the same document', () => {
  const settings = serverSettings({}, false)
  const {
    storage: _storage,
    caServer: _caServer,
    ...account
  } = parse(renderTraefikConfig(BASE, settings)).certificatesResolvers.letsencrypt.acme
  expect(account).toEqual(parse(BASE).certificatesResolvers.letsencrypt.acme)
})

test('a second edge is like the first, without ports of the server, and cannot write certificates', () => {
  const { compose } = edge({}, 'PEM')
  const first = parse(compose).services.traefik
  const second = parse(renderSecondEdge(compose, 'ai-proxy-edge-2')).services.traefik
  const { ports: _ports, labels: _labels, ...kept } = first
  expect(second).toEqual({
    ...kept,
    container_name: 'ai-proxy-edge-2',
    restart: 'no',
    volumes: [
      './traefik.yml:/etc/traefik/traefik.yml:ro',
      '../dynamic:/etc/traefik/dynamic:ro',
      '../../certs:/certs:ro',
      './acme-ca.pem:/etc/traefik/acme-ca.pem:ro',
    ],
  })
  expect(parse(renderSecondEdge(compose, 'x'), { version: '1.1' }).services.traefik.restart).toBe('no')
})

test('the ports of an edge; none of a file that is not ours', () => {
  expect(edgePorts(edge({ HTTP_PORT: '8080', HTTPS_PORT: '8443' }).compose)).toEqual(['8080:80', '8443:443'])
  for (const text of ['', 'a: [', 'services: {}']) expect(edgePorts(text)).toEqual([])
})

test('an edge that only gets a certificate has port 80 and may write certificates', () => {
  const first = edge({ HTTP_PORT: '8080', HTTPS_PORT: '8443' }).compose
  const { traefik } = parse(renderCertificateEdge(first, 'ai-proxy-certificate')).services
  expect(traefik).toMatchObject({ ports: ['80:80'], restart: 'no', container_name: 'ai-proxy-certificate' })
  expect(traefik.volumes).toEqual([
    ...['./traefik.yml:/etc/traefik/traefik.yml:ro', './dynamic:/etc/traefik/dynamic:ro', '../../certs:/certs'],
  ])
  expect(traefik.labels).toBeUndefined()
})
