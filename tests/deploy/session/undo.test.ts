import { expect, test } from 'vitest'
import { UndoStack } from '../../../deploy/session/undo.ts'

test('steps are taken back last first, each once', async () => {
  const undo = new UndoStack()
  const done: string[] = []
  for (const name of ['a', 'b', 'c']) undo.push(`undo ${name}`, async () => void done.push(name))
  expect(undo.isEmpty).toBe(false)
  expect(await undo.run()).toEqual([])
  expect(done).toEqual(['c', 'b', 'a'])
  expect(undo.isEmpty).toBe(true)
  expect(await undo.run()).toEqual([])
  expect(done).toHaveLength(3)
})

test('a step that fails does not keep the others from being taken back', async () => {
  const undo = new UndoStack()
  const done: string[] = []
  undo.push('stop a', async () => void done.push('a'))
  undo.push('put b back', async () => {
    throw new Error('no connection')
  })
  undo.push('remove c', () => Promise.reject('no reason'))
  expect(await undo.run()).toEqual(['could not remove c: no reason', 'could not put b back: no connection'])
  expect(done).toEqual(['a'])
})

test('what is settled is not taken back', async () => {
  const undo = new UndoStack()
  undo.push('undo', () => Promise.reject(new Error('must not run')))
  undo.clear()
  expect(await undo.run()).toEqual([])
})

test('what a step guards stays when that step fails', async () => {
  const undo = new UndoStack()
  const done: string[] = []
  undo.push('stop the new one', async () => void done.push('stopped'))
  undo.push('put the route back', () => Promise.reject(new Error('disk full')), { guardsEarlier: true })
  undo.push('tidy up', async () => void done.push('tidied'))
  expect(await undo.run()).toEqual(['could not put the route back: disk full'])
  expect(done).toEqual(['tidied'])
})
