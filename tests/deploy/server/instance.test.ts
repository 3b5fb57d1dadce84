import { expect, test } from 'vitest'
import { containerName, releaseOf } from '../../../deploy/server/instance.ts'

test('an instance has the name of its release, and a number from the second on', () => {
  expect(['20261123-101112', '20261123-101112-2', '20261123-101112-17'].map(releaseOf)).toEqual(
    Array(3).fill('20261123-101112'),
  )
  expect(containerName('20261123-101112-2')).toBe('ai-proxy-20261123-101112-2')
})
