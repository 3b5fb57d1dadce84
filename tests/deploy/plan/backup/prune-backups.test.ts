import { expect, test } from 'vitest'
import { takesLogs } from '../../../../deploy/plan/backup/prune-backups.ts'
import type { BackupFact } from '../../../../deploy/server/facts.ts'

const NOW = new Date('2026-11-24T12:00:00Z')

function backup(
  counter: number,
  createdAt: string,
  more: { hasLogs?: boolean; inconsistent?: Record<string, string> } = {},
): BackupFact {
  const { hasLogs = true, inconsistent = {} } = more
  const summary = {
    version: 1 as const,
    counter,
    createdAt,
    release: null,
    domain: '',
    defaultDomain: null,
    content: '',
  }
  return {
    ...{ name: `${counter}.tar.gz`, sizeBytes: 1, modifiedS: 0, isPredecessors: false },
    summary: { ...summary, hasLogs, consistent: Object.keys(inconsistent).length === 0, inconsistent },
  }
}

test('log databases are copied once a day, and again when the last copy can be better now', () => {
  const recent = backup(1, '2026-11-24T11:00:00Z')
  expect(takesLogs('daily', [], NOW)).toBe(true)
  expect(takesLogs('daily', [recent], NOW)).toBe(false)
  expect(takesLogs('daily', [recent, backup(2, '2026-11-24T11:30:00Z', { hasLogs: false })], NOW)).toBe(false)
  expect(takesLogs('daily', [backup(1, '2026-11-23T12:00:00Z')], NOW)).toBe(true)
  const becauseOf = (reason: string) =>
    backup(1, '2026-11-24T11:00:00Z', { inconsistent: { 'logs/db/a.sqlite3': reason } })
  expect(takesLogs('daily', [becauseOf('the image ai-proxy:1 is not on the server')], NOW)).toBe(true)
  // One that is damaged is copied as it is each time.
  expect(takesLogs('daily', [becauseOf('SQLITE_CORRUPT')], NOW)).toBe(false)
  expect(takesLogs('daily', [backup(1, '2030-01-01T00:00:00Z')], NOW)).toBe(true)
})

test('always and never mean that', () => {
  expect(takesLogs('always', [backup(1, '2026-11-24T11:59:00Z')], NOW)).toBe(true)
  expect(takesLogs('never', [], NOW)).toBe(false)
})
