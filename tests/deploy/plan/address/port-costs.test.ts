import { expect, test } from 'vitest'
import { portCosts } from '../../../../deploy/plan/address/port-costs.ts'
import { parseFacts } from '../../../../deploy/server/read-facts.ts'
import { serverSettings } from '../../../../templates/server-settings.ts'
import { DEBIAN_12_DOCKER } from '../../../helpers/server/recorded-facts.ts'

const DOMAIN = 'llm.example.com'
const facts = parseFacts(DEBIAN_12_DOCKER)
const of = (env: Record<string, string>, more = {}) =>
  portCosts({ ...facts, ...more }, serverSettings({ DOMAIN, ...env }, false))

test('the usual ports cost nothing', () => {
  expect(of({})).toEqual([])
})

test('without port 80 there is no certificate, or none after the present one', () => {
  const start = 'HTTP_PORT is 8080, but a CA connects to port 80 only: '
  const end = ' while port 80 does not lead to the edge'
  expect(of({ HTTP_PORT: '8080' })).toEqual([`${start}no certificate can be issued${end}`])
  const certificates = [{ file: 'acme.json', domain: DOMAIN, validUntilS: Date.UTC(2027, 1, 3) / 1000 }]
  expect(of({ HTTP_PORT: '8080' }, { certificates })).toEqual([
    `${start}the certificate, which is valid until 2027-02-03, cannot be renewed${end}`,
  ])
})

test('another HTTPS port is part of the URL', () => {
  expect(of({ HTTPS_PORT: '8443' })).toEqual(['HTTPS_PORT is 8443: clients must write this port in the URL'])
})
