import { expect, test } from 'vitest'
import { sh } from '../../../deploy/remote/sh.ts'

test('data is an argument, never part of the script', () => {
  expect(sh('echo "$1" "$2"', "it's", '$HOME')).toEqual(['sh', '-c', 'echo "$1" "$2"', 'sh', "it's", '$HOME'])
})
