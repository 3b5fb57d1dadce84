import { expect, test } from 'vitest'
import { lineDiff } from '../../../../../logdb/ui/server/queries/line-diff.ts'

const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`)

test('changed lines stand side by side, and the same lines around them are left out', () => {
  const a = [...lines(1, 20), 'old', 'gone', ...lines(21, 40)]
  const b = [...lines(1, 20), 'new', ...lines(21, 40)]
  expect(lineDiff(a, b)).toEqual({
    rows: [
      { kind: 'skipped', count: 17 },
      ...lines(18, 20).map((text) => ({ kind: 'same', text })),
      { kind: 'changed', a: 'old', b: 'new' },
      { kind: 'changed', a: 'gone' },
      ...lines(21, 23).map((text) => ({ kind: 'same', text })),
      { kind: 'skipped', count: 17 },
    ],
    removed: 2,
    added: 1,
    isCut: false,
  })
})

test('equal texts have no difference', () => {
  expect(lineDiff(lines(1, 3), lines(1, 3))).toMatchObject({ removed: 0, added: 0 })
})

test('a long text is cut', () => {
  const { rows, isCut, added } = lineDiff([], ['x'.repeat(5000), ...lines(1, 3000)])
  expect([rows.length, isCut, added]).toEqual([2000, true, 3001])
  expect(rows[0]).toEqual({ kind: 'changed', b: `${'x'.repeat(1000)}…` })
})
