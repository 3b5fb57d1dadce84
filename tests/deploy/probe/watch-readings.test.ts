import { describe, expect, test } from 'vitest'
import { addLine, judgeReadings, noReadings, providerErrors } from '../../../deploy/probe/watch-readings.ts'

/** Readings of these lines of the script, and of completions through the edge that took so many ms or failed. */
function readings(lines: string[], echoes: (number | string)[] = [], usualEchoMs?: number) {
  const all = noReadings(usualEchoMs, false)
  for (const line of lines) addLine(all, line)
  all.echoes.push(
    ...echoes.map((one) => (typeof one === 'number' ? { ms: one, problem: undefined } : { ms: 10, problem: one })),
  )
  return all
}

const judged = (...args: Parameters<typeof readings>) => judgeReadings(readings(...args))
const FIRST = 'container running 0 2026-11-24T00:00:00.1Z'
const inside = (second: number, rest: string, durationS = 0.01) =>
  `inside ${second * 1000} ${(second + durationS) * 1000} ${rest}`

test('nothing seen yet, and a release that works, are fine', () => {
  expect(judged([])).toBeUndefined()
  expect(
    judged([FIRST, 'before 100 0 0', inside(1, '1 10 0 0'), FIRST, inside(2, '1 20 0 3')], [20, 900, 30]),
  ).toBeUndefined()
  expect(judged(['', 'Error response from daemon: no such container'])).toBeUndefined()
})

describe('a container', () => {
  test('that was started again is bad', () => {
    const again = 'container running 1 2026-11-24T00:00:08.1Z'
    expect(judged([FIRST, again])).toBe('it ended and was started again')
  })
  test('that was started again before the first look is bad if it was new', () => {
    const fresh = noReadings(undefined, true)
    addLine(fresh, FIRST)
    expect(judgeReadings(fresh)).toBeUndefined()
    const again = 'container running 1 2026-11-24T00:00:08.1Z'
    expect(judged([again, again])).toBeUndefined()
    addLine(fresh, again)
    expect(judgeReadings({ ...fresh, containers: fresh.containers.slice(1) })).toBe('it ended and was started again')
  })
  test.each(['exited', 'restarting', 'absent', 'paused'])('that is %s is bad', (state) => {
    expect(judged([FIRST, `container ${state} 0 never`])).toBe(`its container is ${state}`)
  })
})

describe('not ready', () => {
  test('for three seconds is bad, however long each look takes', () => {
    const quick = [0, 1, 2, 3].map((second) => inside(second, '0 - - -'))
    expect(judged(quick.slice(0, 3))).toBeUndefined()
    expect(judged(quick)).toBe('it has not been ready for 3.0 s')
    const hung = [inside(0, '0 - - -', 2), inside(2, '0 - - -', 2)]
    expect(judged(hung.slice(0, 1))).toBeUndefined()
    expect(judged(hung)).toBe('it has not been ready for 4.0 s')
  })
  test('now and then is not', () => {
    expect(judged([inside(0, '0 - - -'), inside(2, '1 0 0 0'), inside(3, '0 - - -'), inside(5, '0 - - -')])).toBe(
      undefined,
    )
  })
})

describe('completions through the edge', () => {
  test('that fail three times in a row are bad', () => {
    expect(judged([], ['answers 502', 20, 'answers 502', 'answers 502'])).toBeUndefined()
    expect(judged([], [20, 'answers 502', 'answers 502', 'answers 504'])).toBe(
      '3 completions of the built-in model failed through the edge: answers 504',
    )
  })
  test('that are ten times slower than before are bad, but not below a second', () => {
    expect(judged([], [990, 990, 990], 20)).toBeUndefined()
    expect(judged([], [3000, 3000, 3100], 20)).toBe(
      'a completion of the built-in model takes 3.0 s through the edge, and took 0.02 s before',
    )
    expect(judged([], [3000, 3000, 3000], 400)).toBeUndefined()
    expect(judged([], [3000, 20, 3000], 20)).toBeUndefined()
    expect(judged([], [1500, 1500, 1500])).toBe('a completion of the built-in model takes 1.5 s through the edge')
  })
})

describe('errors of its own', () => {
  test('are bad from five on, if they are more than 2 %', () => {
    expect(judged([inside(1, '1 4 4 0')])).toBeUndefined()
    expect(judged([inside(1, '1 250 5 0')])).toBeUndefined()
    expect(judged([inside(1, '1 249 5 0')])).toBe('it answered 5 of 249 requests with its own error')
  })
  test('that the previous release had too are not', () => {
    expect(judged(['before 100 10 0', inside(1, '1 50 9 0')])).toBeUndefined()
    expect(judged(['before 100 2 0', inside(1, '1 50 9 0')])).toBeDefined()
    expect(judged(['before 0 0 0', inside(1, '1 50 9 0')])).toBeDefined()
  })
  test('of providers only warn', () => {
    const failed = readings([inside(1, '1 50 0 40'), inside(2, '0 - - -')])
    expect(judgeReadings(failed)).toBeUndefined()
    expect(providerErrors(failed)).toEqual({ all: 50, own: 0, providers: 40 })
    expect(providerErrors(readings([inside(1, '1 50 0 1')]))).toBeUndefined()
  })
})
