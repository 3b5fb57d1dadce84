import { expect, test } from 'vitest'
import { lentWarnings } from '../../../../deploy/plan/address/own-certificate.ts'
import { makePlan } from '../../../../deploy/plan/make-plan.ts'
import type { Facts } from '../../../../deploy/server/facts.ts'
import { parseFacts } from '../../../../deploy/server/read-facts.ts'
import { describe as sentences, viewOf } from '../../../../deploy/steps/changes/all.ts'
import { afterDeploy, changeOf, DEBIAN_12_DOCKER } from '../../../helpers/server/recorded-facts.ts'
import { ENV, envOf, type Wanted, wishesOf } from '../../../helpers/server/wishes.ts'

const env = envOf(`${ENV}HTTP_PORT=8080\nHTTPS_PORT=8443\n`)
const freePorts = ['docker:web', 'systemd:nginx']
const clean = parseFacts(DEBIAN_12_DOCKER)
const wishes = wishesOf({ env, freePorts })
const first = makePlan(clean, wishes)
const live = afterDeploy(DEBIAN_12_DOCKER, first, wishes)
const kinds = (facts: Partial<Facts>, wanted: Wanted = {}) =>
  makePlan({ ...live, ...facts }, wishesOf({ env, freePorts, now: new Date('2026-11-24T00:00:00Z'), ...wanted })).map(
    ({ kind }) => kind,
  )
const until = (days: number): Partial<Facts> => ({
  certificates: [{ file: 'acme.json', domain: 'llm.example.com', validUntilS: live.clockS + days * 86_400 }],
})

test('the certificate comes before the first edge, which then listens elsewhere', () => {
  const order = first.map(({ kind }) => kind)
  expect(order.indexOf('certificate-first')).toBeGreaterThan(order.indexOf('write-env'))
  expect(order.indexOf('start-edge')).toBeGreaterThan(order.indexOf('certificate-first'))
  const change = changeOf(first, 'certificate-first')
  expect(change).toMatchObject({ programs: freePorts, httpPort: 8080, storage: 'acme.json' })
  expect(sentences(change)).toEqual([
    'get a certificate for llm.example.com on port 80: stop docker:web, systemd:nginx, and start them again afterwards',
  ])
  expect(viewOf(change, clean)).toMatchObject({
    below: [expect.stringContaining('after 10 minutes'), expect.stringContaining('while HTTP_PORT is 8080')],
    downtime: expect.stringMatching(/^docker:web, systemd:nginx: not available/),
  })
})

test('a running edge reads the new certificate, and nothing is stopped without need', () => {
  expect(kinds(until(29))).toEqual(['back-up', 'certificate-first', 'replace-edge', 'check-from-outside'])
  expect(kinds(until(31))).toEqual([])
  expect(kinds(until(29), { freePorts: [] })).toEqual([])
  const at80 = envOf(`${ENV}HTTPS_PORT=8443\n`)
  expect(kinds(until(29), { env: at80 })).not.toContain('certificate-first')
  const { caServer } = wishes.settings.acme
  const attempt = {
    domain: 'llm.example.com',
    caServer,
    count: 1,
    atS: live.clockS,
    retryAtS: live.clockS + 60,
    says: '',
  }
  expect(kinds({ certificates: [], acmeAttempts: [attempt] })).not.toContain('certificate-first')
})

test('what a run that was cut off has stopped is started first of all', () => {
  const facts = parseFacts(
    `${DEBIAN_12_DOCKER}freed=${Buffer.from('docker web\nsystemd nginx\n').toString('base64')}\n`,
  )
  expect(facts.freedPorts).toEqual(freePorts)
  expect(makePlan(facts, wishes)[0]).toEqual({ kind: 'return-ports', programs: freePorts })
  expect(kinds({ freedPorts: ['docker:web'] }, { freePorts: [] })).toEqual([
    'return-ports',
    'back-up',
    'check-from-outside',
  ])
})

test('its end is announced 20 days before', () => {
  expect(lentWarnings({ ...live, ...until(21) }, wishes.settings)).toEqual([])
  expect(lentWarnings({ ...live, ...until(20) }, wishes.settings)).toEqual([
    expect.stringMatching(
      /^the certificate of llm\.example\.com ends in 20 days and does not renew itself while HTTP_PORT is 8080/,
    ),
  ])
  expect(lentWarnings({ ...live, ...until(20) }, wishesOf().settings)).toEqual([])
})
