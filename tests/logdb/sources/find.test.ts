import { symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { findLogFiles } from '../../../logdb/sources/find.ts'
import { workspace } from '../../helpers/logdb/workspace.ts'

test('our logs and those of the predecessor are found, in the order of their paths', () => {
  const { logs, write } = workspace()
  const names = [
    'models/gpt-4.log',
    'requests-2025-09-10.jsonl',
    'requests-2025-09-10.r1.w2.jsonl.gz',
    'requests-a\nb.jsonl',
    'v1_chat.log',
    'v1_chat.log.1',
    'v1_chat.log.2.gz',
  ]
  for (const name of [...names, 'other.jsonl', 'catalog', 'note.txt', 'requests-2025.jsonl.tmp', 'db/x.sqlite3'])
    write(name, 'x')
  symlinkSync(join(logs, 'gone'), join(logs, 'broken.log'))
  const { files, unreadable } = findLogFiles(logs)
  expect(files.map(({ path }) => relative(logs, path))).toEqual(names)
  expect(files.map(({ format }) => format === 'jsonl')).toEqual([false, true, true, true, false, false, false])
  expect(unreadable).toEqual([])
})

test('the names that logrotate gives our logs are read; files that only look like our logs are named', () => {
  const { logs, write } = workspace()
  const names = [
    'requests-2025-09-10.jsonl-20250916',
    'requests-2025-09-10.jsonl-2025-09-16-1758000000.gz',
    'requests-2025-09-10.jsonl.1',
    'requests-2025-09-10.jsonl.2.gz',
    'requests-2025-09-10.jsonl.zst',
    'v1_chat.log-20250916',
  ]
  const others = ['requests-2025-09-10.jsonl.bak', 'requests-2025-09-10.jsonl~']
  for (const name of [...names, ...others, 'catalog-1', 'x.jsonl.1']) write(name, 'x')
  const { files, ignored } = findLogFiles(logs)
  expect(files.map(({ path }) => relative(logs, path))).toEqual(names.sort())
  expect(ignored.map(({ path }) => relative(logs, path)).sort()).toEqual(others)
})

test('a missing folder is an error that names it', () => {
  const { logs } = workspace()
  expect(() => findLogFiles(join(logs, 'nowhere'))).toThrow(/cannot read the logs: .*nowhere/)
})
