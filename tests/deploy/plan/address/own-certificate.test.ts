import { expect, test } from 'vitest'
import { endWarnings, ownWarnings } from '../../../../deploy/plan/address/own-certificate.ts'
import { portCosts } from '../../../../deploy/plan/address/port-costs.ts'
import type { Change } from '../../../../deploy/plan/change.ts'
import { makePlan } from '../../../../deploy/plan/make-plan.ts'
import type { Facts } from '../../../../deploy/server/facts.ts'
import { parseFacts } from '../../../../deploy/server/read-facts.ts'
import { describe as sentences, viewOf } from '../../../../deploy/steps/changes/all.ts'
import { renderOwnCertificates } from '../../../../templates/own-certificate.ts'
import { renderRoute } from '../../../../templates/route.ts'
import { afterDeploy, changeOf, DEBIAN_12_DOCKER } from '../../../helpers/server/recorded-facts.ts'
import { ENV, envOf, type Wanted, wishesOf } from '../../../helpers/server/wishes.ts'

const DOMAIN = 'llm.example.com'
const first = makePlan(parseFacts(DEBIAN_12_DOCKER), wishesOf())
const live = afterDeploy(DEBIAN_12_DOCKER, first, wishesOf())
const replan = (wanted: Wanted = {}, facts: Partial<Facts> = {}) =>
  makePlan({ ...live, ...facts }, wishesOf({ env: envOf(ENV), now: new Date('2026-11-24T00:00:00Z'), ...wanted }))
const kinds = (changes: Change[]) => changes.map(({ kind }) => kind)

const validUntilS = live.clockS + 90 * 86_400
const onServer = (file: string, ...names: string[]) => ({ file: `own-${file}.pem`, names, validUntilS })
const given = (file: string, ...names: string[]) => ({ ...onServer(file, ...names), pem: `SECRET ${file}` })
const route = (more: object) => renderRoute({ domain: DOMAIN, live: live.live, ...more }, 8123)
/** Of a server whose owner has given a certificate. */
const owned = (...all: Facts['ownCertificates']): Partial<Facts> => ({
  route: route({ hasOwnCertificate: true }),
  ownCertificates: all,
  ownCertificateConfig: renderOwnCertificates(all.slice(0, 1).map(({ file }) => file)),
})
/** The edge of a plan, as it is on the server afterwards. */
const edgeAfter = (changes: Change[]) => {
  const { compose, traefik } = changeOf(changes, 'replace-edge').files
  return { edge: { ...live.edge, composeFile: compose, traefikConfig: traefik, label: null } }
}

test('a certificate of the owner is read before one of the CA is not read any more', () => {
  const plan = replan({ ownCertificate: given('a1', DOMAIN) })
  expect(kinds(plan)).toEqual(['back-up', 'place-own-certificates', 'replace-edge', 'switch', 'check-from-outside'])
  expect(plan.flatMap(sentences)[0]).toBe(`put your certificate for ${DOMAIN} there`)
  expect(viewOf(changeOf(plan, 'place-own-certificates'), live).below).toEqual([
    'certs/own-a1.pem, with its key, readable by root only',
    `it is valid until ${new Date(validUntilS * 1000).toISOString().slice(0, 10)} and does not renew itself`,
    'no CA is asked for one any more, until a run with --no-cert',
  ])
  expect(JSON.stringify(plan.flatMap((change) => viewOf(change, live)))).not.toContain('SECRET')
  expect(changeOf(plan, 'replace-edge').files.traefik).not.toContain('certificatesResolvers')
  expect(renderRoute({ ...changeOf(plan, 'switch').gateway, live: 'x' }, 8123)).not.toContain('certResolver')
})

test('the edge stays where the CA has given no certificate for the name', () => {
  const plan = replan({ ownCertificate: given('a1', DOMAIN) }, { certificates: [] })
  expect(kinds(plan)).toEqual(['back-up', 'place-own-certificates', 'switch', 'check-from-outside'])
})

test('it stays in use when nothing is said of it, and no CA is asked', () => {
  const facts = { certificates: [], ...owned(onServer('a1', DOMAIN)) }
  expect(replan({}, facts)).toEqual([])
  const released = replan({ config: 'model_mappings:\n  a: echo:a\n' }, facts)
  expect(changeOf(released, 'switch').gateway.hasOwnCertificate).toBe(true)
  expect(kinds(released)).not.toContain('get-certificate')
  const lost = { ...facts, ownCertificateConfig: null }
  expect(kinds(replan({}, lost))).toEqual(['back-up', 'place-own-certificates', 'check-from-outside'])
  expect(changeOf(replan({}, lost), 'place-own-certificates').pem).toBeNull()
})

test('another pair replaces it, and the same pair changes nothing', () => {
  const facts = { certificates: [], ...owned(onServer('a1', DOMAIN)) }
  expect(replan({ ownCertificate: given('a1', DOMAIN) }, facts)).toEqual([])
  const plan = replan({ ownCertificate: given('b2', DOMAIN) }, facts)
  expect(kinds(plan)).toEqual(['back-up', 'place-own-certificates', 'remove-own-certificates', 'check-from-outside'])
  expect(changeOf(plan, 'place-own-certificates').config).not.toContain('own-a1.pem')
  expect(changeOf(plan, 'remove-own-certificates')).toMatchObject({ files: ['own-a1.pem'], isConfigRemoved: false })
})

test('an earlier one is read while its name still answers', () => {
  const env = envOf(ENV.replace('llm.', 'new.'))
  const facts = { certificates: [], ...owned(onServer('a1', DOMAIN)) }
  const plan = replan({ env, ownCertificate: given('b2', 'new.example.com') }, facts)
  expect(kinds(plan)).not.toContain('remove-own-certificates')
  expect(changeOf(plan, 'place-own-certificates').config).toBe(renderOwnCertificates(['own-b2.pem', 'own-a1.pem']))
  const both = replan({ env, ownCertificate: given('b2', '*.example.com') }, facts)
  expect(changeOf(both, 'remove-own-certificates').files).toEqual(['own-a1.pem'])
})

test('--no-cert goes back to the CA after the switch, and says what clients see until it has answered', () => {
  const facts = owned(onServer('a1', DOMAIN))
  const without = replan({ ownCertificate: given('a1', DOMAIN) })
  const stored = replan({ ownCertificate: null }, { ...facts, ...edgeAfter(without) })
  expect(kinds(stored)).toEqual(['back-up', 'replace-edge', 'switch', 'remove-own-certificates', 'check-from-outside'])
  expect(changeOf(stored, 'replace-edge').files.traefik).toContain('certificatesResolvers')
  expect(viewOf(changeOf(stored, 'remove-own-certificates'), live).downtime).toBeUndefined()
  const asked = replan({ ownCertificate: null }, { ...facts, certificates: [] })
  expect(kinds(asked)).toEqual([
    'back-up',
    'switch',
    'remove-own-certificates',
    'get-certificate',
    'check-from-outside',
  ])
  expect(viewOf(changeOf(asked, 'remove-own-certificates'), live)).toMatchObject({
    sentences: ['use a certificate of the CA again, instead of yours'],
    below: ['remove certs/own-a1.pem, and its key'],
    downtime: expect.stringMatching(/until the CA has issued one/),
  })
})

test('a name that it does not cover is refused', () => {
  const facts = owned(onServer('a1', DOMAIN))
  const env = envOf(ENV.replace('llm.', 'new.'))
  expect(() => replan({ env }, facts)).toThrow(
    /^your certificate on the server is for llm\.example\.com, not for new\./,
  )
  expect(() => replan({ env, ownCertificate: null }, facts)).not.toThrow()
})

test('a restore brings it with the other certificates, and else leaves it', () => {
  const archive = { path: '/b.tar.gz', isLocal: false }
  const restore = { archive, staging: '/s', releaseFolder: 'releases/1', certificates: ['certs/own-c3.pem'] }
  const empty = makePlan(parseFacts(DEBIAN_12_DOCKER), wishesOf({ restore }))
  expect(kinds(empty)).toEqual(expect.arrayContaining(['place-certificates', 'place-own-certificates']))
  expect(kinds(empty)).not.toContain('get-certificate')
  expect(changeOf(empty, 'place-own-certificates')).toMatchObject({
    ...{ pem: null, config: renderOwnCertificates(['own-c3.pem']) },
  })
  const facts = { certificates: [], ...owned(onServer('a1', DOMAIN)) }
  const kept = replan({ restore: { ...restore, certificates: [] } }, facts)
  expect(kinds(kept)).not.toContain('remove-own-certificates')
  const replaced = replan({ restore: { ...restore, certificates: ['certs/acme.json'] } }, facts)
  expect(changeOf(replaced, 'remove-own-certificates')).toMatchObject({ files: [], isConfigRemoved: true })
})

test('its end is announced 20 days before, and port 80 does not matter to it', () => {
  const { settings } = wishesOf({ env: envOf(null, { local: `${ENV}HTTP_PORT=8080\n` }) })
  const days = (count: number) => ({ ...onServer('a1', DOMAIN), validUntilS: live.clockS + count * 86_400 })
  expect(endWarnings(days(21), live.clockS)).toEqual([])
  expect(endWarnings(days(20), live.clockS)).toEqual([
    expect.stringMatching(/^your certificate ends in 20 days and does not/),
  ])
  expect(endWarnings(days(-1), live.clockS)[0]).toContain('has ended')
  expect(portCosts({ ...live, ownCertificates: [days(30)] }, settings)).toEqual([])
  expect(ownWarnings(live, settings, days(30))).toEqual([])
})

test('a former name that loses its certificate is named', () => {
  const { settings } = wishesOf({ env: envOf(ENV.replace('llm.', 'new.')) })
  const certificates = ['llm', 'new'].map((name) => ({ file: 'acme.json', domain: `${name}.example.com` }))
  expect(ownWarnings({ ...live, certificates }, settings, onServer('b2', 'new.example.com'))).toEqual([
    'clients of llm.example.com see a certificate that they do not trust, since yours is not for it',
  ])
  expect(ownWarnings({ ...live, certificates }, settings, onServer('b2', '*.example.com'))).toEqual([])
})
