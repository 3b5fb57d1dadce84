import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { findAllPartitions, findPartitions, partitionFor } from '../../../../logdb/store/folder/partition-files.ts'
import {
  forgetReplaced,
  replace,
  replacedPartitions,
  settleReplaced,
  willReplace,
} from '../../../../logdb/store/folder/replaced-partitions.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'

const DAYS = ['2025/09/ai_proxy_20250908.sqlite3', '2025/09/ai_proxy_20250909.sqlite3']
const WEEK = '2025/W37/ai_proxy_2025W37.sqlite3'
const MONTH = '2025/M09/ai_proxy_202509.sqlite3'

/** A folder with files that look like partitions, as far as their names and beginnings say. */
function folderWith(...names: string[]) {
  const base = tempFolder()
  const at = (name: string) => join(base, name)
  const make = (name: string, text = '') => {
    mkdirSync(dirname(at(name)), { recursive: true })
    const head = Buffer.alloc(100)
    head.write('LGDB', 68)
    writeFileSync(at(name), `${head}${text}`)
  }
  for (const name of names) make(name)
  const visible = () =>
    findPartitions(base, {})
      .map(({ path }) => path.slice(base.length + 1))
      .sort()
  return { base, at, make, visible, list: join(base, 'replaced.json') }
}

test('a file replaces others from its rename on, and not before', () => {
  const { base, at, make, visible, list } = folderWith(...DAYS, `${WEEK}.part`)
  willReplace(base, at(`${WEEK}.part`), at(WEEK), DAYS.map(at))
  expect(visible()).toEqual(DAYS)
  renameSync(at(`${WEEK}.part`), at(WEEK))
  expect(visible()).toEqual([WEEK])
  expect(findAllPartitions(base, {})).toHaveLength(3)
  expect(partitionFor(base, '2025-09-08', 'daily')).toBe(at(WEEK))
  settleReplaced(base)
  make(WEEK, 'more')
  expect(visible()).toEqual([WEEK])
  forgetReplaced(base, DAYS.map(at))
  expect(existsSync(list)).toBe(false)
})

test('another file in that place replaces nothing', () => {
  const { base, at, make, visible } = folderWith(...DAYS, `${WEEK}.part`)
  willReplace(base, at(`${WEEK}.part`), at(WEEK), DAYS.map(at))
  make(WEEK, 'another one')
  expect(visible()).toEqual([...DAYS, WEEK])
  settleReplaced(base)
  expect(replacedPartitions(base)).toEqual(new Map())
})

test('a file that replaces a week replaces its days too, also when the week is gone', () => {
  const { base, at, visible } = folderWith(...DAYS, WEEK, MONTH)
  replace(base, at(WEEK), DAYS.map(at))
  replace(base, at(MONTH), [at(WEEK)])
  expect(visible()).toEqual([MONTH])
  rmSync(at(WEEK))
  expect(visible()).toEqual([MONTH])
  expect(partitionFor(base, '2025-09-08', 'daily')).toBe(at(MONTH))
  settleReplaced(base)
  expect(readFileSync(join(base, 'replaced.json'), 'utf8')).not.toContain('W37')
  rmSync(at(MONTH))
  expect(visible()).toEqual(DAYS)
})

test('a merged file of the predecessor is not taken for a partition', () => {
  const { base, at, visible } = folderWith()
  for (const name of ['monthly/2025-09.sqlite3', MONTH]) {
    mkdirSync(dirname(at(name)), { recursive: true })
    writeFileSync(at(name), Buffer.alloc(100))
  }
  expect(visible()).toEqual([])
  expect(partitionFor(base, '2025-09-08', 'daily')).toBe(at(DAYS[0] ?? ''))
})
