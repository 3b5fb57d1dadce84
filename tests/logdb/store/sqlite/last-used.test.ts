import { expect, test } from 'vitest'
import { LastUsed } from '../../../../logdb/store/sqlite/last-used.ts'

test('the value that has not been used for longest is closed when there are too many', () => {
  const events: string[] = []
  const open = (name: string) => () => {
    events.push(`open ${name}`)
    return { close: () => events.push(`close ${name}`) }
  }
  const kept = new LastUsed<{ close(): void }>(2)
  for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) kept.get(name, open(name))
  expect(events).toEqual(['open a', 'open b', 'open c', 'close b', 'open b', 'close c'])
  kept.close()
  expect(events.slice(6)).toEqual(['close a', 'close b'])
})
