import { expect, test } from 'vitest'
import { inPathsOf } from '../../../logdb/routine/follow-paths.ts'

test('paths of a report are those of the folders here, in whatever folder those are', () => {
  const there = { from: '/app/logs', out: '/app/logs/db' }
  const report = {
    lines: ['auto: seal /app/logs/db/2025/a.sqlite3 bytes_before=1'],
    result: [{ path: '/app/logs/db/2025/a.sqlite3', bytes_before: 1 }],
    problems: ['/app/logs/x.jsonl: gone', 'the disk of /app/logs/db is full'],
    failure: undefined,
  }
  for (const here of [
    { from: '/srv/app/logs', out: '/srv/app/logs/db' },
    { from: '/logs', out: '/elsewhere' },
    { from: '/app/logs/db', out: '/app/logs' },
  ]) {
    expect(inPathsOf(here, there, report)).toEqual({
      lines: [`auto: seal ${here.out}/2025/a.sqlite3 bytes_before=1`],
      result: [{ path: `${here.out}/2025/a.sqlite3`, bytes_before: 1 }],
      problems: [`${here.from}/x.jsonl: gone`, `the disk of ${here.out} is full`],
    })
  }
})
