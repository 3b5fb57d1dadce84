import { expect, test } from 'vitest'
import { LocalHost } from '../../../../deploy/host/local-host.ts'
import type { Change, Kind } from '../../../../deploy/plan/change.ts'
import { startRelease, stopPrevious, switchTo } from '../../../../deploy/plan/take-over.ts'
import { serverLayout } from '../../../../deploy/server/layout.ts'
import { parseFacts } from '../../../../deploy/server/read-facts.ts'
import { definitionOf } from '../../../../deploy/steps/changes/all.ts'
import type { Server } from '../../../../deploy/steps/definition.ts'
import { DEBIAN_12_DOCKER } from '../../../helpers/server/recorded-facts.ts'

const LIVE = '20261123-000000'
const NEW = '20261124-000000'
const facts = { ...parseFacts(DEBIAN_12_DOCKER), live: LIVE, route: 'http: {}\n', env: 'A=1\n' }
const edge = { isRunning: true, folder: '/srv', composeFile: 'compose', traefikConfig: 'traefik', acmeCa: null }
const server: Server = {
  host: new LocalHost({ kind: 'root' }),
  layout: serverLayout('/srv'),
  facts: { ...facts, edge },
  buildContext: [],
  signal: new AbortController().signal,
  now: new Date('2026-11-24T00:00:00Z'),
  actor: 'me as root',
  verb: 'deploy',
  warn: () => {},
  measured: {},
}

const gateway = { domain: 'llm.example.com', httpPort: 80, httpsPort: 443, apiKey: null }
const outside = { resolve: {}, extraCa: null }
const start = startRelease(facts, NEW, { kind: 'new', replaces: LIVE, changed: ['config.yml'] })
const startEdge = { isFirst: false, isInterrupted: true, trouble: null, gateway, expects: LIVE }
const undoOf = (change: Change) => definitionOf(change).undo(change, server)?.what

test('what users could notice can be undone until the switch', () => {
  const files = { compose: 'new', traefik: 'new', acmeCa: null }
  const changes: Change[] = [
    { kind: 'unpack-backup', archive: { path: '/b', isLocal: false }, staging: '/s', members: [], context: null },
    { kind: 'place-certificates', source: '/s/certs' },
    {
      kind: 'write-env',
      text: 'A=2\n',
      uploaded: [],
      hasNewKey: false,
      changed: ['A'],
      removed: [],
      rebuiltFrom: null,
    },
    { kind: 'start-edge', files, ...startEdge },
    { kind: 'replace-edge', files, reason: 'settings', obstacle: null, isIpv6Cut: false, gateway, expects: LIVE },
    start,
    { kind: 'check-release', instance: NEW, gateway, why: '' },
    switchTo(facts, NEW, gateway),
  ]
  expect(changes.map(undoOf)).toEqual([
    'remove the unpacked backup',
    'put the certificates back',
    'put .env back',
    'put the edge back',
    'put the edge back',
    `stop ai-proxy-${NEW}`,
    'put the route file back',
    'put the route file back',
  ])
})

test('only the route guards what was done before it', () => {
  const guards = (change: Change) => definitionOf(change).undo(change, server)?.guardsEarlier ?? false
  expect([
    guards(switchTo(facts, NEW, gateway)),
    guards({ kind: 'check-release', instance: NEW, gateway, why: '' }),
  ]).toEqual([true, true])
  expect(guards(start)).toBe(false)
})

test('what was there before is never taken away: the live release, an edge whose files stay', () => {
  expect(undoOf(startRelease(facts, LIVE, { kind: 'broken', trouble: 'stopped', fallback: null }))).toBeUndefined()
  expect(undoOf({ kind: 'start-edge', files: null, ...startEdge })).toBeUndefined()
})

test('the switch settles the plan, and what follows it undoes nothing', () => {
  expect(definitionOf(switchTo(facts, NEW, gateway)).settles).toBe('after')
  const after: Change[] = [
    stopPrevious(facts, NEW, 600),
    { kind: 'get-certificate', domain: 'llm.example.com', caServer: '', httpsPort: 443, extraCa: null },
    { kind: 'check-from-outside', gateway, instance: NEW, outside, isAfterChanges: true },
    { kind: 'clean-up', live: NEW, keptCount: 1, draining: [], removed: [], keptTags: [] },
    { kind: 'remove-previous-certificates' },
  ]
  const settling: Kind[] = after.filter((change) => definitionOf(change).settles === 'before').map(({ kind }) => kind)
  expect(settling).toEqual(after.map(({ kind }) => kind))
  expect(after.map(undoOf)).toEqual(after.map(() => undefined))
})
