import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { findPartitions, partitionPath } from '../../../../logdb/store/folder/partition-files.ts'
import { workspace } from '../../../helpers/logdb/workspace.ts'

test.each([
  ['2025-09-15', 'daily', '2025/09/ai_proxy_20250915.sqlite3'],
  ['2025-09-15', 'weekly', '2025/W38/ai_proxy_2025W38.sqlite3'],
  ['2024-12-30', 'weekly', '2025/W01/ai_proxy_2025W01.sqlite3'],
  ['2021-01-03', 'weekly', '2020/W53/ai_proxy_2020W53.sqlite3'],
  ['2023-01-01', 'weekly', '2022/W52/ai_proxy_2022W52.sqlite3'],
] as const)('%s %s', (day, granularity, path) => {
  expect(partitionPath('', day, granularity)).toBe(path)
})

test('a range finds the partitions that may hold its days, the latest first', () => {
  const { db } = workspace()
  const days = [
    ['2025-09-14', 'daily'],
    ['2025-09-15', 'daily'],
    ['2025-09-21', 'weekly'],
    ['2025-09-22', 'weekly'],
  ] as const
  for (const [day, granularity] of days) {
    const path = partitionPath(db, day, granularity)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, '')
  }
  const found = (range: { since?: string; to?: string }) =>
    findPartitions(db, range).map(({ path }) => relative(db, path).slice(5))
  const [w38, w39] = ['W38/ai_proxy_2025W38.sqlite3', 'W39/ai_proxy_2025W39.sqlite3']
  expect(found({})).toEqual([w39, w38, '09/ai_proxy_20250915.sqlite3', '09/ai_proxy_20250914.sqlite3'])
  expect(found({ since: '2025-09-16', to: '2025-09-21' })).toEqual([w38])
  expect(found({ to: '2025-09-14' })).toEqual(['09/ai_proxy_20250914.sqlite3'])
  expect(findPartitions(join(db, 'nowhere'), {})).toEqual([])
})
