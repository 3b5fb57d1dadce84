import { describe, expect, test } from 'vitest'
import { gatewayAddress } from '../../../deploy/plan/address/gateway-address.ts'
import { edgeFiles } from '../../../deploy/plan/edge-files.ts'
import { namedRelease, planRollback, previousRelease } from '../../../deploy/plan/plan-rollback.ts'
import type { Facts } from '../../../deploy/server/facts.ts'
import type { Manifest } from '../../../deploy/server/manifest.ts'
import { parseFacts } from '../../../deploy/server/read-facts.ts'
import { describe as sentences } from '../../../deploy/steps/changes/all.ts'
import { serverSettings } from '../../../templates/server-settings.ts'
import { changeOf, DEBIAN_12_DOCKER } from '../../helpers/server/recorded-facts.ts'

const OLD = '20261122-000000'
const LIVE = '20261123-000000'
const settings = serverSettings({ DOMAIN: 'llm.example.com' }, false)
const gateway = gatewayAddress(settings, 'a-key')

const manifestOf = (id: string): Manifest => ({
  version: 1,
  id,
  createdAt: '',
  image: `ai-proxy:${id.slice(4, 8)}`,
  content: '',
  files: {},
})
const container = (name: string, state: string) => ({
  name: `ai-proxy-${name}`,
  state,
  release: name.slice(0, 15),
  isRestarted: state === 'running',
})

/** A server with two releases; the newer one answers. */
const server: Facts = {
  ...parseFacts(DEBIAN_12_DOCKER),
  live: LIVE,
  state: {
    version: 1,
    live: { release: LIVE, instance: LIVE },
    previous: { release: OLD, instance: OLD },
    updatedAt: '',
  },
  manifests: [manifestOf(OLD), manifestOf(LIVE)],
  containers: [container(OLD, 'exited'), container(LIVE, 'running')],
  edge: { isRunning: true, folder: '/root/ai-proxy', composeFile: 'compose', traefikConfig: 'traefik', acmeCa: null },
  imageTags: ['1122', '1123'],
}

const edge = edgeFiles(settings, 'certificatesResolvers: {}\n', null)
const rollback = (facts: Facts) => planRollback(facts, { release: previousRelease(facts), gateway, edge, warmS: 600 })

test('is made of the changes of a deploy, without a build or an upload', () => {
  const plan = rollback(server)
  expect(plan.map(({ kind }) => kind)).toEqual(['start-release', 'check-release', 'switch', 'stop-previous'])
  expect(plan.flatMap(sentences)).toEqual([
    `switch from release ${LIVE} back to release ${OLD}`,
    `stop release ${LIVE} in 10 minutes`,
  ])
  expect(changeOf(plan, 'start-release')).toMatchObject({ instance: OLD, isContainerKept: true })
  expect(changeOf(plan, 'switch')).toMatchObject({
    instance: OLD,
    previous: { release: LIVE, instance: LIVE },
    gateway: { domain: 'llm.example.com', apiKey: 'a-key' },
  })
  expect(changeOf(plan, 'stop-previous')).toEqual({
    kind: 'stop-previous',
    containers: [],
    leftovers: [],
    retired: [],
    previous: LIVE,
    warmS: 600,
  })
})

test('needs no start and no check of a release that is still running for it', () => {
  const warm = { ...container(OLD, 'running'), isRestarted: false, warmUntilS: server.clockS + 60 }
  const plan = rollback({ ...server, imageTags: [], containers: [warm, container(LIVE, 'running')] })
  expect(plan.map(({ kind }) => kind)).toEqual(['use-warm', 'switch', 'stop-previous'])
  expect(plan.flatMap(sentences)).toEqual([
    `switch from release ${LIVE} back to release ${OLD}, which is still running`,
    `stop release ${LIVE} in 10 minutes`,
  ])
  expect(changeOf(plan, 'switch').instance).toBe(OLD)
  expect(changeOf(plan, 'stop-previous')).toMatchObject({ containers: [], retired: [], leftovers: [] })
  const elsewhere = rollback({ ...server, containers: [{ ...warm, isStopping: true }, container(LIVE, 'running')] })
  expect(changeOf(elsewhere, 'start-release').instance).toBe(`${OLD}-2`)
})

test('is watched only if the user wants that, and never goes back by itself', () => {
  const wishes = { release: previousRelease(server), gateway, edge, warmS: 600 }
  expect(planRollback(server, wishes).map(({ kind }) => kind)).not.toContain('watch')
  const plan = planRollback(server, { ...wishes, watchS: 20 })
  expect(plan.map(({ kind }) => kind).slice(-2)).toEqual(['watch', 'stop-previous'])
  expect(changeOf(plan, 'watch')).toMatchObject({ instance: OLD, wayBack: null, isRollback: true })
  expect(plan.flatMap(sentences)).toContain(`watch release ${OLD} for 20 seconds`)
  expect(changeOf(plan, 'switch').isWatched).toBeUndefined()
})

test('stops a release at once that does not answer, or where none is to be kept running', () => {
  const ofLive = { containers: [`ai-proxy-${LIVE}`], warmS: 0 }
  expect(changeOf(rollback({ ...server, isLiveSilent: true }), 'stop-previous')).toMatchObject(ofLive)
  const none = planRollback(server, { release: previousRelease(server), gateway, edge, warmS: 0 })
  expect(changeOf(none, 'stop-previous')).toMatchObject(ofLive)
})

test('starts another container while the first still finishes its streams, which it then leaves alone too', () => {
  const plan = rollback({ ...server, containers: [container(OLD, 'running'), container(LIVE, 'running')] })
  expect(changeOf(plan, 'start-release')).toMatchObject({ instance: `${OLD}-2`, isContainerKept: false })
  expect(changeOf(plan, 'stop-previous').containers).toEqual([`ai-proxy-${OLD}`])
})

test('starts an edge that does not run as it is, or with new files if its own are lost', () => {
  const stopped = { ...server.edge, isRunning: false }
  const plan = rollback({ ...server, edge: stopped })
  expect(plan.map(({ kind }) => kind)).toEqual([
    ...['start-edge', 'start-release', 'check-release', 'switch', 'stop-previous'],
  ])
  expect(changeOf(plan, 'start-edge')).toMatchObject({ files: null, isFirst: false, expects: null })
  const lost = rollback({ ...server, edge: { ...stopped, composeFile: null } })
  expect(changeOf(lost, 'start-edge').files).toEqual(edge)
  const detached = rollback({ ...server, edge: { ...server.edge, trouble: 'detached' } })
  expect(changeOf(detached, 'start-edge')).toMatchObject({ files: null, trouble: 'detached' })
})

test('frees the reserve first on a full disk, and keeps one again at the end', () => {
  const freeBytes = { docker: 2 ** 40, folder: 0 }
  const full = rollback({ ...server, freeBytes, hasReserve: true }).map(({ kind }) => kind)
  expect([full[0], full.at(-1)]).toEqual(['free-reserve', 'keep-reserve'])
  expect(rollback({ ...server, freeBytes }).map(({ kind }) => kind)).not.toContain('free-reserve')
  expect(rollback({ ...server, hasReserve: true })).toHaveLength(4)
})

test('wakes a container in any state, for which no image is needed', () => {
  for (const state of ['exited', 'created', 'paused']) {
    const facts = { ...server, imageTags: [], containers: [container(OLD, state), container(LIVE, 'running')] }
    expect(changeOf(rollback(facts), 'start-release').isContainerKept).toBe(true)
  }
})

describe('the release to go back to', () => {
  const older = manifestOf('20261101-000000')

  test('is the recorded one', () => {
    expect(previousRelease({ ...server, manifests: [older, ...server.manifests] }).id).toBe(OLD)
  })

  test('is the one that state.json has as live, if a deploy was cut off after its switch', () => {
    const state = { version: 1, live: { release: OLD, instance: OLD }, previous: null, updatedAt: '' } as const
    expect(previousRelease({ ...server, state }).id).toBe(OLD)
  })

  test('is the newest older one that was ever ready, where nothing is recorded', () => {
    const readyMarks = [{ release: older.id, at: '', by: '', verb: '', why: '' }]
    const lost = { ...server, state: null, manifests: [older, ...server.manifests], readyMarks }
    expect(previousRelease(lost).id).toBe(older.id)
    const bothReady = [...readyMarks, { ...readyMarks[0], release: OLD, at: '', by: '', verb: '', why: '' }]
    expect(previousRelease({ ...lost, readyMarks: bothReady }).id).toBe(OLD)
  })

  test('stays the same when another run of the live release took over', () => {
    const again = { ...server, live: `${LIVE}-2` }
    expect(previousRelease(again).id).toBe(OLD)
    expect(changeOf(rollback(again), 'switch').previous).toEqual({ release: LIVE, instance: `${LIVE}-2` })
  })

  test('can be named, if it was ever ready', () => {
    const facts = { ...server, manifests: [older, ...server.manifests] }
    expect(namedRelease(facts, OLD).id).toBe(OLD)
    expect(() => namedRelease(facts, older.id)).toThrow(
      expect.objectContaining({ code: 'NOTHING_TO_ROLL_BACK', message: `release ${older.id} never became ready` }),
    )
    expect(() => namedRelease(facts, '20200101-000000')).toThrow('there is no release 20200101-000000 on the server')
  })

  test('is never one that was taken back after it had taken over', () => {
    const readyMarks = [{ release: OLD, at: '', by: '', verb: '', why: '', failed: 'it ended' }]
    expect(() => namedRelease({ ...server, readyMarks }, OLD)).toThrow(`release ${OLD} did not work: it ended`)
  })

  test('may be missing', () => {
    const error = { code: 'NOTHING_TO_ROLL_BACK', exitCode: 34 }
    expect(() => rollback({ ...server, state: null, manifests: [manifestOf(LIVE)] })).toThrow(
      expect.objectContaining({ ...error, message: `there is no previous release: ${LIVE} is live` }),
    )
    expect(() => rollback({ ...server, live: null, state: null, manifests: [] })).toThrow(
      expect.objectContaining({ ...error, message: 'there is no release on the server yet' }),
    )
  })

  test('needs a container or an image', () => {
    const withoutImage = { ...server, imageTags: ['1123'] }
    expect(rollback(withoutImage)).toHaveLength(4)
    expect(() => rollback({ ...withoutImage, containers: [container(LIVE, 'running')] })).toThrow(
      expect.objectContaining({
        code: 'NOTHING_TO_ROLL_BACK',
        message: `the image ai-proxy:1122 of release ${OLD} is no longer on the server`,
      }),
    )
  })
})

test('the Logs UI goes with a rollback, which it never stops', () => {
  const withUi = { ...manifestOf(OLD), files: { 'ui.yml': 'hash' } }
  const forth = rollback({ ...server, manifests: [withUi, manifestOf(LIVE)] })
  const kinds = (facts: Facts) => rollback(facts).map(({ kind }) => kind)
  expect(changeOf(forth, 'start-ui')).toMatchObject({ release: OLD, mayFail: true, isAgain: false })
  expect(forth.map(({ kind }) => kind).indexOf('start-ui')).toBeLessThan(
    forth.map(({ kind }) => kind).indexOf('switch'),
  )
  const ui = { release: LIVE, hasContainers: true, route: 'a route' }
  expect(kinds({ ...server, ui }).filter((kind) => ['switch', 'remove-ui'].includes(kind))).toEqual([
    'switch',
    'remove-ui',
  ])
  expect(kinds(server)).not.toContain('remove-ui')
})
