import { describe, expect, test } from 'vitest'
import { findLive, readyReleases } from '../../../deploy/server/find-live.ts'
import type { Manifest } from '../../../deploy/server/manifest.ts'
import type { State } from '../../../deploy/server/state.ts'
import { renderRoute } from '../../../templates/route.ts'

const [A, B, C] = ['20261121-000000', '20261122-000000', '20261123-000000'] as const
const manifestOf = (id: string): Manifest => ({
  version: 1,
  id,
  createdAt: '',
  image: 'ai-proxy:1',
  content: '',
  files: {},
})
const routeTo = (instance: string) => renderRoute({ domain: 'llm.example.com', live: instance }, 8123)
const stateOf = (live: string, previous: string | null = null): State => ({
  version: 1,
  live: { release: live, instance: live },
  previous: previous === null ? null : { release: previous, instance: previous },
  updatedAt: '',
})
const running = (instance: string, isRestarted = true) => ({
  name: `ai-proxy-${instance}`,
  state: 'running',
  release: instance.slice(0, 15),
  isRestarted,
})
const mark = (release: string) => ({ release, at: '', by: '', verb: '', why: '' })

/** Three releases are kept; the last one never became ready. */
const server = {
  route: routeTo(B),
  state: stateOf(A),
  containers: [running(`${A}-2`)],
  manifests: [A, B, C].map(manifestOf),
  readyMarks: [mark(A), mark(B)],
}

describe('the live release is', () => {
  test('what the route file names', () => {
    expect(findLive(server)).toBe(B)
    expect(findLive({ ...server, manifests: [], containers: [running(B)] })).toBe(B)
  })

  test('what state.json names, if the route file is lost or names what never existed', () => {
    for (const route of [null, '', 'garbage: [', routeTo('20200101-000000')]) {
      expect(findLive({ ...server, route })).toBe(A)
    }
  })

  test('what runs, if both are lost', () => {
    const lost = { ...server, route: null, state: null }
    expect(findLive(lost)).toBe(`${A}-2`)
    expect(findLive({ ...lost, containers: [running(B, false), running(A)] })).toBe(A)
    expect(findLive({ ...lost, containers: [running(A), running(B)] })).toBe(B)
    expect(findLive({ ...lost, manifests: [] })).toBe(`${A}-2`)
  })

  test('the newest release that was ever ready, if nothing runs that is meant to', () => {
    const lost = { ...server, route: null, state: null }
    for (const containers of [
      [],
      [running(C, false)],
      [{ ...running(A, false), isStopping: true }],
      [{ ...running(A, false), state: 'exited' }],
    ]) {
      expect(findLive({ ...lost, containers })).toBe(B)
    }
  })

  test('the container that Docker would start again, before a release that only was ready', () => {
    const lost = { ...server, route: null, state: null }
    const stopped = { ...running(`${A}-2`), state: 'exited' }
    expect(findLive({ ...lost, containers: [stopped, { ...running(A, false), isStopping: true }] })).toBe(`${A}-2`)
    expect(findLive({ ...lost, containers: [{ ...running(C), state: 'exited' }] })).toBe(B)
  })

  test('none, where none was ever ready', () => {
    const lost = { ...server, route: null, state: null, readyMarks: [], containers: [] }
    expect(findLive(lost)).toBeNull()
  })
})

test('ready are the releases that have a mark or took over, as far as they are kept, newest first', () => {
  expect(readyReleases(server)).toEqual([B, A])
  expect(readyReleases({ ...server, readyMarks: [], state: stateOf(C, A) })).toEqual([C, A])
  expect(readyReleases({ ...server, readyMarks: [mark('20200101-000000')], state: null })).toEqual([])
})
