import { expect, test } from 'vitest'
import { gatewayAddress } from '../../../../deploy/plan/address/gateway-address.ts'
import { planDrill } from '../../../../deploy/plan/upkeep/plan-drill.ts'
import { DRILL_TRAFFIC } from '../../../../deploy/probe/traffic.ts'
import type { Facts } from '../../../../deploy/server/facts.ts'
import { parseFacts } from '../../../../deploy/server/read-facts.ts'
import { describe as sentences } from '../../../../deploy/steps/changes/all.ts'
import { renderRoute } from '../../../../templates/route.ts'
import { serverSettings } from '../../../../templates/server-settings.ts'
import { changeOf, DEBIAN_12_DOCKER } from '../../../helpers/server/recorded-facts.ts'

const OLD = '20261122-000000'
const LIVE = '20261123-000000'
const gateway = gatewayAddress(serverSettings({ DOMAIN: 'llm.example.com' }, false), 'a-key')
const container = (instance: string, state: string) => ({
  ...{ name: `ai-proxy-${instance}`, state, release: instance.slice(0, 15), isRestarted: state === 'running' },
})
const previous = { release: OLD, instance: OLD }

/** A server on which all is well. */
const server: Facts = {
  ...parseFacts(DEBIAN_12_DOCKER),
  live: LIVE,
  current: `releases/${LIVE}`,
  missingFolders: [],
  route: renderRoute({ ...gateway, live: LIVE }, 8123),
  state: { version: 1, live: { release: LIVE, instance: LIVE }, previous, updatedAt: '' },
  manifests: [{ version: 1, id: LIVE, createdAt: '', image: 'ai-proxy:1123', content: '', files: {} }],
  containers: [container(OLD, 'exited'), container(LIVE, 'running')],
  edge: { isRunning: true, folder: '/root/ai-proxy', composeFile: 'compose', traefikConfig: 'traefik', acmeCa: null },
  imageTags: ['1123'],
}
const pace = { traffic: DRILL_TRAFFIC, beforeMs: 1000, answeringMs: 2000 }
const plan = (facts: Facts) =>
  planDrill(facts, { gateway, outside: { resolve: {}, extraCa: null }, dialogId: 'drill-1', pace })

test('switches to another container of the live release and back, and adds no release and no backup', () => {
  const changes = plan(server)
  expect(changes.map(({ kind }) => kind)).toEqual([
    ...['begin-traffic', 'start-release', 'check-release', 'switch', 'watch-traffic', 'switch'],
    ...['remove-instance', 'end-traffic'],
  ])
  expect(changes.filter((change) => change.kind === 'switch')).toMatchObject([
    { instance: `${LIVE}-2`, previous, isWatched: true },
    { instance: LIVE, previous },
  ])
  expect(changes.flatMap(sentences)).toContain(`remove ai-proxy-${LIVE}-2 when it has finished its running answers`)
})

test('never uses a container that is there already', () => {
  const again = { ...server, containers: [...server.containers, container(`${LIVE}-2`, 'exited')] }
  expect(changeOf(plan(again), 'start-release')).toMatchObject({ instance: `${LIVE}-3`, isContainerKept: false })
})

test('writes the route with the certificate held, if that is how it is', () => {
  const route = renderRoute({ ...gateway, live: LIVE, isCertificateHeld: true }, 8123)
  expect(changeOf(plan({ ...server, route }), 'switch').gateway).toMatchObject({ isCertificateHeld: true })
})

test.each<[string, Partial<Facts>]>([
  ['no release is live there', { live: null }],
  ['the live release is paused', { containers: [container(LIVE, 'paused')] }],
  ['the edge does not run as it should', { edge: { ...server.edge, isRunning: false } }],
  ['the edge does not run as it should', { edge: { ...server.edge, trouble: 'unhealthy' } }],
  ['a run was cut off there', { current: `releases/${OLD}` }],
  ['a run was cut off there', { isUnwatched: true }],
  ['a run was cut off there', { hasTornFiles: true }],
  ['the image ai-proxy:1123 is not there any more', { imageTags: [] }],
  ['the route file is not as', { route: renderRoute({ ...gateway, domain: 'other.example.com', live: LIVE }, 8123) }],
])('refuses a server that a deploy would repair: %s', (why, facts) => {
  expect(() => plan({ ...server, ...facts })).toThrow(
    expect.objectContaining({ code: 'DRILL_FAILED', message: expect.stringContaining(why) }),
  )
})
