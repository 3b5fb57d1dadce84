import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../../kit/package-root.ts'
import { checkedExamples } from '../../helpers/logdb/api/checked-examples.ts'
import { apiExports } from '../../helpers/logdb/api/exports.ts'
import { apiEntries } from '../../helpers/logdb/api/page.ts'

const PAGE = join(packageRoot(), 'docs/api.md')

test('every export of the library says what it is and has an example', () => {
  const all = apiExports()
  expect(all.length).toBeGreaterThan(50)
  const silent = all.filter(({ summary, example }) => summary === '' || !example)
  expect(silent.map(({ name }) => name)).toEqual([])
})

test('docs/api.md has every export with its signature and example, and nothing else', async () => {
  const [introduction = ''] = readFileSync(PAGE, 'utf8').split(/^## /m)
  // npx vitest run --config tests/vitest.config.ts tests/logdb/behaviour/library.test.ts -u writes the page.
  await expect(introduction + apiEntries()).toMatchFileSnapshot(PAGE)
})

test('every example compiles, and no type of the library needs better-sqlite3', () => {
  const { problems, typesOf } = checkedExamples()
  expect(problems).toEqual([])
  expect(typesOf.length).toBeGreaterThan(10)
  expect(typesOf.filter((text) => /['"]better-sqlite3['"]/.test(text))).toEqual([])
})
