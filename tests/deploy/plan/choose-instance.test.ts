import { expect, test } from 'vitest'
import { chooseInstance } from '../../../deploy/plan/choose-instance.ts'

const RELEASE = '20261123-101112'
const containers = (...states: string[]) =>
  states.map((state, index) => ({
    name: `ai-proxy-${RELEASE}${index === 0 ? '' : `-${index + 1}`}`,
    state,
    release: RELEASE,
    isRestarted: false,
  }))

test('the first instance of a release has its name', () => {
  expect(chooseInstance(RELEASE, [])).toBe(RELEASE)
  expect(
    chooseInstance(RELEASE, [{ name: 'ai-proxy-20200101-000000', state: 'running', release: 'x', isRestarted: true }]),
  ).toBe(RELEASE)
})

test('a stopped one is woken, one that still ends its streams is left alone', () => {
  expect(chooseInstance(RELEASE, containers('exited'))).toBe(RELEASE)
  expect(chooseInstance(RELEASE, containers('created'))).toBe(RELEASE)
  expect(chooseInstance(RELEASE, containers('running'))).toBe(`${RELEASE}-2`)
  expect(chooseInstance(RELEASE, containers('running', 'exited'))).toBe(`${RELEASE}-2`)
  expect(chooseInstance(RELEASE, containers('running', 'running'))).toBe(`${RELEASE}-3`)
  expect(chooseInstance(RELEASE, containers('exited', 'running'))).toBe(RELEASE)
})
