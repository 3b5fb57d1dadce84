import { expect, test } from 'vitest'
import { nearest } from '../../../kit/cli/nearest.ts'

const WORDS = ['status', 'doctor', 'logs', 'hold', 'unhold', 'backup', 'test', 'prune']

test.each([
  ['stauts', ['status']],
  ['statu', ['status']],
  ['dcotor', ['doctor']],
  ['log', ['logs']],
  ['holdd', ['hold']],
  ['server', []],
  ['x', []],
  ['', []],
])('%s is near %j', (word, near) => {
  expect(nearest(word, WORDS)).toEqual(near)
})

test('of several that are as near, all are named', () => {
  expect(nearest('bast', ['best', 'bass', 'backup'])).toEqual(['best', 'bass'])
})
