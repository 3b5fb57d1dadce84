import { describe, expect, test } from 'vitest'
import { gatewayAddress } from '../../../deploy/plan/gateway-address.ts'
import { planRollback, previousRelease } from '../../../deploy/plan/plan-rollback.ts'
import type { Facts } from '../../../deploy/server/facts.ts'
import type { Manifest } from '../../../deploy/server/manifest.ts'
import { parseFacts } from '../../../deploy/server/read-facts.ts'
import { describe as sentences } from '../../../deploy/steps/changes/all.ts'
import { serverSettings } from '../../../templates/server-settings.ts'
import { changeOf, DEBIAN_12_DOCKER } from '../../helpers/server/recorded-facts.ts'

const OLD = '20261122-000000'
const LIVE = '20261123-000000'
const gateway = gatewayAddress(serverSettings({ DOMAIN: 'llm.example.com' }, false), 'a-key')

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
  imageTags: ['1122', '1123'],
}

const rollback = (facts: Facts) => planRollback(facts, { release: previousRelease(facts), gateway })

test('is made of the changes of a deploy, without a build or an upload', () => {
  const plan = rollback(server)
  expect(plan.map(({ kind }) => kind)).toEqual(['start-release', 'check-release', 'switch', 'stop-previous'])
  expect(plan.flatMap(sentences)).toEqual([`switch from release ${LIVE} back to release ${OLD}`])
  expect(changeOf(plan, 'start-release')).toMatchObject({ instance: OLD, isContainerKept: true })
  expect(changeOf(plan, 'switch')).toMatchObject({
    instance: OLD,
    previous: { release: LIVE, instance: LIVE },
    gateway: { domain: 'llm.example.com', apiKey: 'a-key' },
  })
  expect(changeOf(plan, 'stop-previous')).toEqual({
    kind: 'stop-previous',
    containers: [`ai-proxy-${LIVE}`],
    leftovers: [],
    previous: LIVE,
  })
})

test('starts another container while the first still finishes its streams, which it then leaves alone too', () => {
  const plan = rollback({ ...server, containers: [container(OLD, 'running'), container(LIVE, 'running')] })
  expect(changeOf(plan, 'start-release')).toMatchObject({ instance: `${OLD}-2`, isContainerKept: false })
  expect(changeOf(plan, 'stop-previous').containers).toEqual([`ai-proxy-${OLD}`, `ai-proxy-${LIVE}`])
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

  test('is the newest older one where nothing is recorded', () => {
    expect(previousRelease({ ...server, state: null, manifests: [older, ...server.manifests] }).id).toBe(OLD)
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
