import { expect, test } from 'vitest'
import { releaseRows } from '../../../deploy/commands/release-rows.ts'
import type { Facts } from '../../../deploy/server/facts.ts'
import { parseFacts } from '../../../deploy/server/read-facts.ts'
import { DEBIAN_12_DOCKER } from '../../helpers/server/recorded-facts.ts'

const [OLDEST, OLD, LIVE, FAILED] = [
  '20261120-000000',
  '20261121-000000',
  '20261122-000000',
  '20261123-000000',
] as const
const clean = parseFacts(DEBIAN_12_DOCKER)
const isoOf = (id: string) => `${id.slice(0, 4)}-${id.slice(4, 6)}-${id.slice(6, 8)}T00:00:00.000Z`
const container = (release: string, more: object) => ({
  name: `ai-proxy-${release}`,
  state: 'exited',
  release,
  isRestarted: false,
  ...more,
})
const server: Facts = {
  ...clean,
  live: LIVE,
  clockS: Date.parse('2026-11-23T01:00:00Z') / 1000,
  manifests: [OLDEST, OLD, LIVE, FAILED].map((id) => ({
    version: 1,
    id,
    createdAt: isoOf(id),
    image: `ai-proxy:${id.slice(4, 8)}`,
    content: '',
    files: {},
  })),
  readyMarks: [OLDEST, OLD, LIVE].map((release) => ({
    release,
    at: isoOf(release),
    by: 'me as root',
    verb: 'deploy',
    why: 'changed: config.yml',
  })),
  containers: [container(LIVE, { state: 'running' }), container(OLD, { state: 'running', isStopping: true })],
  imageTags: ['1122', '1123'],
}

test('each release has its age, its state, its image, and who deployed it and why', () => {
  const rows = releaseRows(server)
  expect(rows.map(({ release, state }) => [release, state])).toEqual([
    [FAILED, 'never ready'],
    [LIVE, 'live'],
    [OLD, 'finishing answers'],
    [OLDEST, 'stopped'],
  ])
  expect(rows.map(({ image_present, can_roll_back }) => [image_present, can_roll_back])).toEqual([
    [true, false],
    [true, true],
    [false, true],
    [false, false],
  ])
  expect(rows[1]).toMatchObject({
    created_at: isoOf(LIVE),
    age_s: 25 * 3600,
    by: 'me as root',
    verb: 'deploy',
    why: 'changed: config.yml',
  })
  expect(rows[0]).toMatchObject({ age_s: 3600, by: '', why: '' })
})

test('a release that is kept running for a rollback is warm until its time is over', () => {
  const stateAt = (warmUntilS: number) => {
    const containers = [container(OLD, { state: 'running', warmUntilS })]
    return releaseRows({ ...server, containers }).find(({ release }) => release === OLD)?.state
  }
  expect([stateAt(server.clockS + 60), stateAt(server.clockS - 60)]).toEqual(['warm', 'running'])
})

test('a release that was taken back is no target, and says why', () => {
  const readyMarks = server.readyMarks.map((mark) => (mark.release === OLD ? { ...mark, failed: 'it ended' } : mark))
  const containers = [container(OLD, { state: 'exited' })]
  expect(releaseRows({ ...server, readyMarks, containers }).find(({ release }) => release === OLD)).toMatchObject({
    state: 'taken back',
    why: 'it ended',
    can_roll_back: false,
  })
})
