import { expect, test } from 'vitest'
import type { Turn } from '../../../../../logdb/conversation/turns.ts'
import { imageOf, shownTurns } from '../../../../../logdb/ui/server/queries/shown-turns.ts'

const said = (text: string): Turn => ({ role: 'user', parts: [{ kind: 'text', text }] })
const TURNS = Array.from({ length: 700 }, (_, index) => said(`${index + 1}`))
const numbers = (asked: Parameters<typeof shownTurns>[1]) => shownTurns(TURNS, asked).turns.map(({ number }) => number)

test('the last turns are shown first, and lead to the earlier ones', () => {
  expect([numbers({})[0], numbers({}).length]).toEqual([401, 300])
  expect([numbers({ before: 401 })[0], numbers({ before: 401 }).at(-1)]).toEqual([101, 400])
  expect(numbers({ before: 101 })).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
  expect(numbers({ turn: 7 })).toEqual([7])
  expect([numbers({ turn: 701 }), numbers({ before: 0 }), numbers({ before: 9999 }).length]).toEqual([[], [], 300])
})

test('long texts are cut, more so after many of them; a turn alone is whole', () => {
  const long = Array.from({ length: 100 }, () => said('x'.repeat(30_000)))
  const { turns } = shownTurns(long, {})
  expect(turns[0]?.parts[0]).toMatchObject({ text: 'x'.repeat(20_000), cutFrom: 30_000 })
  expect(turns[99]?.parts[0]).toMatchObject({ text: 'x'.repeat(400), cutFrom: 30_000 })
  expect(shownTurns(long, { turn: 100 }).turns[0]?.parts[0]).toEqual({ kind: 'text', text: 'x'.repeat(30_000) })
})

test('images have the same number on every page', () => {
  const note = (image: string): Turn => ({ role: 'user', parts: [{ kind: 'note', text: '{}', isMedia: true, image }] })
  const turns = [note('data:a'), said('b'), note('data:c')]
  expect(shownTurns(turns, { turn: 3 }).turns[0]?.parts).toEqual([{ kind: 'note', text: '{}', image: 1 }])
  expect([imageOf(turns, 1), imageOf(turns, 2)]).toEqual(['data:c', undefined])
})
