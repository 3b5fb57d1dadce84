import { expect, test } from 'vitest'
import { dayMarks, planPulls } from '../../../../deploy/commands/logs-pull/plan-pulls.ts'

const spans = (server: Record<string, string>, here: Record<string, string>) =>
  planPulls(server, here).map(({ since, to }) => `${since} ${to}`)

test('the days are those of logdb stats, with their figures', () => {
  const days = [
    { day: '2026-11-29', requests: 3, errors: 1, cut: 0, tokens_in: 7, tokens_out: 9, latency_p50_ms: 5 },
    { day: 'total', requests: 3 },
  ]
  expect(dayMarks({ ok: true, result: { days } })).toEqual({ '2026-11-29': '3 1 0 7 9' })
  expect(dayMarks(undefined)).toEqual({})
})

test('only days that have something new are fetched, a month at most in one bundle', () => {
  const server = { '2026-10-01': 'a', '2026-10-20': 'b', '2026-10-31': 'c', '2026-11-01': 'd', '2026-11-29': 'e' }
  expect(spans(server, {})).toEqual(['2026-10-01 2026-10-31', '2026-11-01 2026-11-29'])
  expect(spans(server, server)).toEqual([])
  expect(spans(server, { ...server, '2026-10-20': 'older' })).toEqual(['2026-10-20 2026-10-20'])
  expect(spans({}, {})).toEqual([])
})

test('the same content has the same name, and other content another one; days in between are known then too', () => {
  const server = { '2026-10-01': 'a', '2026-10-02': 'b', '2026-10-03': 'c' }
  const here = { '2026-10-02': 'b' }
  const [pull] = planPulls(server, here)
  expect(pull?.days).toEqual(server)
  expect(pull?.file).toMatch(/^pull-2026-10-01-2026-10-03-[0-9a-f]{12}\.tgz$/)
  expect(planPulls({ ...server }, here)[0]?.file).toBe(pull?.file)
  expect(planPulls({ ...server, '2026-10-02': 'x' }, here)[0]?.file).not.toBe(pull?.file)
})
