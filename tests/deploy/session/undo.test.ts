import { expect, test } from 'vitest'
import { UndoStack } from '../../../deploy/session/undo.ts'

test('what was pushed is undone last first, each once', async () => {
  const undo = new UndoStack()
  const done: string[] = []
  for (const name of ['a', 'b', 'c']) undo.push({ what: `undo ${name}`, action: async () => void done.push(name) })
  expect(undo.isEmpty).toBe(false)
  expect(await undo.run()).toEqual([])
  expect(done).toEqual(['c', 'b', 'a'])
  expect(undo.isEmpty).toBe(true)
  expect(await undo.run()).toEqual([])
  expect(done).toHaveLength(3)
})

test('one that fails does not keep the others from being undone', async () => {
  const undo = new UndoStack()
  const done: string[] = []
  undo.push({ what: 'stop a', action: async () => void done.push('a') })
  undo.push({
    what: 'put b back',
    action: async () => {
      throw new Error('no connection')
    },
  })
  undo.push({ what: 'remove c', action: () => Promise.reject('no reason') })
  expect(await undo.run()).toEqual(['could not remove c: no reason', 'could not put b back: no connection'])
  expect(done).toEqual(['a'])
})

test('what is settled is not undone', async () => {
  const undo = new UndoStack()
  undo.push({ what: 'undo', action: () => Promise.reject(new Error('must not run')) })
  expect(undo.isSettled).toBe(false)
  undo.settle()
  expect(undo.isSettled).toBe(true)
  expect(await undo.run()).toEqual([])
})

test('what an undo guards stays when that undo fails', async () => {
  const undo = new UndoStack()
  const done: string[] = []
  undo.push({ what: 'stop the new one', action: async () => void done.push('stopped') })
  undo.push({ what: 'put the route back', action: () => Promise.reject(new Error('disk full')), guardsEarlier: true })
  undo.push({ what: 'tidy up', action: async () => void done.push('tidied') })
  expect(await undo.run()).toEqual(['could not put the route back: disk full'])
  expect(done).toEqual(['tidied'])
})
