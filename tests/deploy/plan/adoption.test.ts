import { expect, test } from 'vitest'
import type { Kind } from '../../../deploy/plan/change.ts'
import { makePlan } from '../../../deploy/plan/make-plan.ts'
import { isGivenBack } from '../../../deploy/plan/plan-rollback.ts'
import { parseFacts } from '../../../deploy/server/read-facts.ts'
import { viewPlan } from '../../../deploy/session/shown/plan-view.ts'
import { describe as sentences } from '../../../deploy/steps/changes/all.ts'
import { afterDeploy, changeOf, DEBIAN_12_DOCKER, file, store } from '../../helpers/server/recorded-facts.ts'
import { ENV, envOf, wishesOf } from '../../helpers/server/wishes.ts'

const PORTS_TAKEN = 'listener=80 docker-proxy\nlistener=443 docker-proxy\n'
const OLD = `${DEBIAN_12_DOCKER}${file('env', ENV)}${store('acme.json', ['llm.example.com'])}${PORTS_TAKEN}`
const running = parseFacts(`${OLD}predecessor=running 3\n`)
const wishes = wishesOf({ env: envOf(ENV) })
const plan = makePlan(running, wishes)

test('everything is prepared before the ports change hands', () => {
  const order: Kind[] = ['build-image', 'start-release', 'take-ports', 'switch', 'watch', 'stop-predecessor']
  const kinds = plan.map(({ kind }) => kind)
  expect(kinds.filter((kind) => order.includes(kind))).toEqual(order)
  // The edge starts with the take-over, which checks the release too.
  for (const kind of ['start-edge', 'check-release', 'get-certificate'] satisfies Kind[])
    expect(kinds).not.toContain(kind)
})

test('the plan says what stops, for how long, and what becomes of connections', () => {
  const release = changeOf(plan, 'take-ports').instance
  expect(plan.flatMap(sentences)).toEqual(
    expect.arrayContaining([
      `take over from the Python gateway: its Traefik stops, and the edge leads ports 80 and 443 to release ${release}`,
      `watch release ${release} for 20 seconds, and go back to the Python gateway if it does not work`,
    ]),
  )
  const { downtime, summary } = viewPlan(plan, running, { differences: [], skipsBackup: false })
  expect(downtime).toEqual([
    'nothing answers for up to 3 seconds when the ports change hands, and 3 open connections are cut',
  ])
  expect(summary).toContain(downtime[0])
})

test('a bad release is taken back until its watch ends', () => {
  expect([changeOf(plan, 'switch').isWatched, changeOf(plan, 'watch').isAdopting]).toEqual([true, true])
})

test('one that does not run has no ports, so that a deploy is a first deploy', () => {
  const stopped = makePlan(
    { ...running, predecessor: { isRunning: false, connections: 0, isLeft: false }, listeners: new Map() },
    wishes,
  )
  expect(stopped.map(({ kind }) => kind)).toContain('start-edge')
  expect(stopped.map(({ kind }) => kind)).not.toContain('take-ports')
})

test('what a run that was cut off left running is stopped by the next one', () => {
  const taken = afterDeploy(OLD, plan, wishes)
  const left = makePlan({ ...taken, predecessor: { isRunning: false, connections: 0, isLeft: true } }, wishes)
  expect(left.map(({ kind }) => kind)).toContain('stop-predecessor')
  expect(makePlan({ ...taken, predecessor: { isRunning: false, connections: 0, isLeft: false } }, wishes)).toEqual([])
})

test('a rollback goes back to it as long as there is no other release to go back to', () => {
  const taken = afterDeploy(OLD, plan, wishes)
  const stopped = { isRunning: false, connections: 0, isLeft: false }
  expect(isGivenBack({ ...taken, predecessor: stopped })).toBe(true)
  expect(isGivenBack({ ...taken, predecessor: null })).toBe(false)
  const previous = { release: '20261122-101112', instance: '20261122-101112' }
  const [manifest] = taken.manifests
  const manifests = manifest === undefined ? [] : [manifest, { ...manifest, id: previous.release }]
  const state = taken.state && { ...taken.state, previous }
  expect(isGivenBack({ ...taken, predecessor: stopped, manifests, state })).toBe(false)
})
