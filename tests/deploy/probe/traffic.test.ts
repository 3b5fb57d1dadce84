import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { DRILL_TRAFFIC, maxRequestsPerS, startTraffic, type TrafficPace } from '../../../deploy/probe/traffic.ts'
import { startGateway } from '../../helpers/gateway/gateway.ts'

const KEY = 'sk-traffic-0123456789abcdef'
const RELEASE = '20261129-101112-2'
/** As in a drill, but quicker. */
const pace: TrafficPace = {
  ...DRILL_TRAFFIC,
  loops: DRILL_TRAFFIC.loops.map(({ kind, intervalMs }) => ({ kind, intervalMs: intervalMs / 4 })),
  sendingMs: 300,
}
const outside = { resolve: {}, extraCa: null }

test('a real gateway answers each request, and its records have the dialog id', async () => {
  const gateway = await startGateway({ environment: { API_KEYS: KEY, RELEASE_ID: RELEASE } })
  const start = performance.now()
  const traffic = await startTraffic({
    url: gateway.url,
    apiKey: KEY,
    outside,
    dialogId: 'drill-20261129-101112',
    pace,
  })
  await delay(700)
  const { answers, answersBy, failures, slowest, isOverdue } = await traffic.end()
  expect([failures, isOverdue]).toEqual([[], false])
  const sum = Object.values(answers).reduce((all, count) => all + count, 0)
  expect(Math.min(...Object.values(answers))).toBeGreaterThan(2)
  expect(sum).toBeLessThanOrEqual(((performance.now() - start) / 1000) * maxRequestsPerS(pace) + 5)
  expect(answersBy).toEqual({ [RELEASE]: sum })
  expect(slowest?.ms).toBeLessThan(3000)
  const records = await gateway.records(sum)
  expect(new Set(records.map(({ dialog_id, status_code }) => `${dialog_id} ${status_code}`))).toEqual(
    new Set(['drill-20261129-101112 200']),
  )
  expect(records.filter(({ stream }) => stream)).toHaveLength(answers.stream)
}, 20_000)

test('what is refused counts as failed, with its kind and status', async () => {
  const gateway = await startGateway({ environment: { API_KEYS: KEY } })
  const traffic = await startTraffic({ url: gateway.url, apiKey: 'another', outside, dialogId: 'drill-1', pace })
  await delay(300)
  const { answers, failed, failures } = await traffic.end()
  expect(Object.values(answers)).toEqual([0, 0, 0])
  expect(failed).toBeGreaterThan(3)
  expect(failures.join('\n')).toMatch(/^\S+Z keep-alive: 401 /m)
  expect(failures.join('\n')).toMatch(/^\S+Z new connection: 401 /m)
}, 20_000)

test('streams begin one after another, so that some are running at each moment', async () => {
  const arrivedMs: number[] = []
  const server = createServer((asked, response) => {
    arrivedMs.push(performance.now())
    asked.resume().once('end', () => response.end('data: [DONE]'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const streams = pace.loops.filter(({ kind }) => kind === 'stream')
  const slow = { ...pace, loops: streams, sendingMs: 900 }
  const traffic = await startTraffic({ url, apiKey: null, outside, dialogId: 'drill-1', pace: slow })
  await delay(850)
  await traffic.end()
  server.close()
  const [first = 0, ...others] = arrivedMs
  expect(others.map((at) => Math.round((at - first) / 300))).toEqual([1, 2])
})
