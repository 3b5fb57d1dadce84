import { describe, expect, test } from 'vitest'
import type { Change } from '../../../../deploy/plan/change.ts'
import { parseFacts } from '../../../../deploy/server/read-facts.ts'
import { planLines, viewPlan } from '../../../../deploy/session/shown/plan-view.ts'
import { CLEAN_DEBIAN, file } from '../../../helpers/server/recorded-facts.ts'

const LIVE = '20261123-101112'
const NEXT = '20261124-000000'
const clean = parseFacts(CLEAN_DEBIAN)
const facts = parseFacts(
  `${CLEAN_DEBIAN}container=ai-proxy-${LIVE} running ${LIVE} unless-stopped\n${file('state', JSON.stringify({ version: 1, live: { release: LIVE, instance: LIVE }, previous: null }))}`,
)
const gateway = { domain: 'llm.example.com', httpPort: 80, httpsPort: 443, apiKey: null }
const live = { release: LIVE, instance: LIVE }

const takeOver: Change[] = [
  {
    kind: 'start-release',
    instance: NEXT,
    isContainerKept: false,
    reason: { kind: 'new', replaces: LIVE, changed: ['config.yml'] },
  },
  { kind: 'check-release', instance: NEXT, gateway, why: '' },
  { kind: 'switch', instance: NEXT, gateway, previous: live, news: [] },
]

const view = (changes: Change[], differences: string[] = [], skipsBackup = false) =>
  viewPlan(changes, facts, { differences, skipsBackup })

describe('a plan', () => {
  test('shows the parts of a new release and what differs below it, and sums up', () => {
    const lines = planLines(view(takeOver, ['config.yml:', '  -a', '  +b']))
    expect(lines).toEqual([
      `  - start release ${NEXT} next to ${LIVE} and let it take over (changed: config.yml)`,
      '      config.yml:',
      '        -a',
      '        +b',
      '      check it through the edge before a client reaches it',
      '      lead new requests to it with one rename of the route file',
      '1 change; no backup is needed; no downtime; memory for two releases until the previous one has stopped.',
    ])
  })

  test('names the backup, and says when the user wants none', () => {
    const backUp: Change = {
      kind: 'back-up',
      name: 'ai-proxy-backup-20261124-000000.tar.gz',
      release: LIVE,
      image: null,
      owner: { uid: 1000, gid: 1000 },
      includesLogs: true,
      counter: 1,
      domain: 'llm.example.com',
      defaultDomain: null,
      protects: null,
    }
    const { backup, entries, summary } = view([backUp, ...takeOver])
    expect(backup).toBe(backUp.name)
    expect(entries[0]?.below[0]).toBe(`back up what is there now to backups/${backUp.name}, with the log databases`)
    expect(summary).toContain('; a backup first; no downtime; ')
    expect(view(takeOver, [], true).summary).toContain('; no backup, as you asked; ')
  })

  test('is honest about downtime', () => {
    const files = { compose: 'a', traefik: 'b', acmeCa: null }
    const why = { reason: 'settings', obstacle: 'there is one', isIpv6Cut: false } as const
    const restart: Change = { kind: 'replace-edge', files, ...why, gateway, expects: LIVE }
    const { downtime, summary } = view([restart])
    expect(downtime).toEqual(['new connections are refused for about 10 seconds while the edge restarts'])
    expect(summary).toBe(`1 change; no backup is needed; ${downtime[0]}`)
    const broken: Change = {
      kind: 'start-release',
      instance: LIVE,
      isContainerKept: true,
      reason: { kind: 'broken', trouble: 'stopped', fallback: null },
    }
    expect(view([broken]).downtime).toEqual(['the gateway does not answer until this is done'])
  })

  test('says nothing of downtime before anything is live', () => {
    const installDocker: Change = { kind: 'install-docker', missing: 'Docker' }
    const { summary } = viewPlan([installDocker, ...takeOver], clean, {
      differences: [],
      skipsBackup: false,
    })
    expect(summary).toMatch(/^2 changes; no backup, since nothing is live yet; about a minute to install Docker; /)
  })

  test('of parts only shows each as a change', () => {
    const { entries } = view([{ kind: 'keep-reserve' }])
    expect(entries).toEqual([{ says: 'keep 1 MiB for a rollback on a full disk', below: [] }])
  })

  test('without changes has no lines', () => {
    expect(planLines(view([]))).toEqual([])
  })
})
