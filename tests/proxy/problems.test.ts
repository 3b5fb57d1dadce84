import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { ALL_PROBLEMS } from '../helpers/gateway/all-problems.ts'

const PAGE = readFileSync(join(packageRoot(), 'docs/gateway.md'), 'utf8')
const CHAPTER = PAGE.slice(PAGE.indexOf('\n## Errors of requests\n'), PAGE.indexOf('\n## Errors at the start\n'))

/** `status code` of every row, with `none` for an error without a code. */
function documented(): string[] {
  const rows = [...CHAPTER.matchAll(/^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$/gm)].slice(1)
  const inTable = rows.flatMap(([, status = '', codes = '']) => {
    const names = [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => String(code))
    const all = /\bnone\b/.test(codes) ? [...names, 'none'] : names
    return all.map((code) => `${/^\d+$/.test(status) ? status : 'any'} ${code}`)
  })
  const inText = [...CHAPTER.matchAll(/^One code is only in the log: (\d+) `(\w+)`/gm)].map(([, ...pair]) =>
    pair.join(' '),
  )
  return [...inTable, ...inText]
}

test('the docs list the status and the code of every error, and no other', () => {
  const made = Object.entries(ALL_PROBLEMS).map(([name, { status, code }]) => {
    // The status of this one is the provider's.
    return `${name === 'upstreamStatus' ? 'any' : status} ${code ?? 'none'}`
  })
  // These two are made of Node's own errors, with the code of `badHttp`.
  const ofNode = ['408 none', '431 none']
  const unique = (list: string[]) => [...new Set(list)].sort()
  expect(documented()).toEqual([...new Set(documented())])
  expect(unique(documented())).toEqual(unique([...made, ...ofNode]))
})
