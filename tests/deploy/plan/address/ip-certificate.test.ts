import { expect, test } from 'vitest'
import { checkAddress } from '../../../../deploy/plan/address/ip-certificate.ts'
import { serverSettings } from '../../../../templates/server-settings.ts'

const check = (environment: Record<string, string>) => () =>
  checkAddress(serverSettings({ DOMAIN: '203.0.113.7', ...environment }, false))

test('an address is taken where the CA and Traefik can give it a certificate', () => {
  for (const image of [
    'traefik:v3.6',
    'traefik:v3.6.22',
    'traefik:3.7.6',
    'traefik:v3.8.0',
    'traefik:v3',
    'traefik:v4.0',
  ]) {
    expect(check({ TRAEFIK_IMAGE: image })).not.toThrow()
  }
  expect(check({ ACME_STAGING: 'true' })).not.toThrow()
  expect(check({ DOMAIN: '10.0.0.1.nip.io', TRAEFIK_IMAGE: 'traefik:v2.11' })).not.toThrow()
})

test('elsewhere it is refused with the reason and a way out', () => {
  const refused: [Record<string, string>, RegExp][] = [
    [{ DOMAIN: '10.1.2.3' }, /for the address 10\.1\.2\.3: it is not a public address$/],
    [{ DOMAIN: '192.168.1.1' }, /not a public address/],
    [{ DOMAIN: '2001:db8::7' }, /only IPv4/],
    [{ ACME_CA_SERVER: 'https://ca.example.com/dir' }, /only Let's Encrypt .* is https:\/\/ca\.example\.com\/dir$/],
    [{ TRAEFIK_IMAGE: 'traefik:v3.6.21' }, /Traefik 3\.6\.21 cannot ask for it/],
    [{ TRAEFIK_IMAGE: 'traefik:v3.7.5@sha256:abc' }, /Traefik 3\.7\.5 cannot/],
    [{ TRAEFIK_IMAGE: 'traefik:v3.5' }, /Traefik 3\.5 cannot/],
    [{ TRAEFIK_IMAGE: 'traefik:v2.11.31' }, /Traefik 2\.11\.31 cannot/],
  ]
  for (const [environment, reason] of refused) expect(check(environment)).toThrow(reason)
  expect(check({ DOMAIN: '10.1.2.3' })).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('--cert FILE') }),
  )
})
