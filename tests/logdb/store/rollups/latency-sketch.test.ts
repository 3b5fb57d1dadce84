import { expect, test } from 'vitest'
import { LatencySketch } from '../../../../logdb/store/rollups/latency-sketch.ts'
import { seededRandom } from '../../../helpers/random.ts'

function sketchOf(values: readonly number[]): LatencySketch {
  const sketch = new LatencySketch()
  for (const value of values) sketch.add(value)
  return sketch
}

const exactly = (values: readonly number[], share: number) => {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)] ?? Number.NaN
}
const SHARES = [0, 0.01, 0.5, 0.95, 0.99, 1]

const random = seededRandom(3)
/** From 1 ms to 10 minutes, evenly by their logarithm. */
const many = Array.from({ length: 50_000 }, () => Math.exp((random.below(1_000_000) / 1_000_000) * Math.log(600_000)))

test('few latencies are exact, also when they were stored and merged', () => {
  const values = many.slice(0, 96)
  const merged = new LatencySketch()
  for (let at = 0; at < values.length; at += 32) merged.merge(sketchOf(values.slice(at, at + 32)).store())
  for (const share of SHARES) {
    expect(sketchOf(values).percentile(share)).toBe(exactly(values, share))
    expect(merged.percentile(share)).toBe(exactly(values, share))
  }
  expect(new LatencySketch().percentile(0.5)).toBeNull()
  expect(sketchOf([7]).store().length).toBe(9)
})

test('many latencies are within 1 %, however they were merged, and small when stored', () => {
  const merged = new LatencySketch()
  for (let at = 0; at < many.length; at += 700) merged.merge(sketchOf(many.slice(at, at + 700)).store())
  const again = new LatencySketch()
  again.merge(merged.store())
  for (const sketch of [sketchOf(many), merged, again]) {
    for (const share of SHARES) {
      const [found, exact] = [sketch.percentile(share) ?? Number.NaN, exactly(many, share)]
      expect(Math.abs(found / exact - 1)).toBeLessThan(0.0101)
    }
  }
  expect(merged.store().length).toBeLessThan(2500)
})

test('latencies of nothing and below are the shortest', () => {
  expect(sketchOf([0, -5, 0.0001]).percentile(1)).toBe(0.0001)
  const stored = new LatencySketch()
  stored.merge(sketchOf([...Array.from({ length: 40 }, () => -1), 100]).store())
  expect([stored.percentile(0.5), stored.percentile(1)]).toEqual([expect.closeTo(0.001, 4), expect.closeTo(100, -0.31)])
})
