import { expect, test } from 'vitest'
import { chat, startGateway, startWithUpstream } from '../../../helpers/gateway/gateway.ts'

test('a record has the fields of its version in their order, with plausible durations', async () => {
  const { gateway } = await startWithUpstream({
    environment: { API_KEYS: 'laptop:0123456789abcdef', RELEASE_ID: 'r1' },
  })
  const body = chat('mock/slow-1x2')
  await gateway.post(body, { authorization: 'Bearer 0123456789abcdef', 'x-dialog-id': 'talk-7' })
  const [record] = await gateway.records(1)
  expect(Object.keys(record ?? {})).toEqual(
    'v timestamp x_request_id endpoint method status_code latency_ms ttfb_ms overhead_ms dispatched_ms provider model_original model_mapped stream api_key_hash api_key_name dialog_id dialog_source finish_reason usage tokens_in tokens_out outcome bytes_in bytes_out release request response'.split(
      ' ',
    ),
  )
  expect(record).toMatchObject({
    v: 1,
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    x_request_id: expect.stringMatching(/^req_/),
    method: 'POST',
    status_code: 200,
    stream: false,
    dialog_id: 'talk-7',
    dialog_source: 'x-dialog-id',
    finish_reason: 'stop',
    usage: { total_tokens: 12 },
    outcome: 'ok',
    bytes_in: JSON.stringify(body).length,
    bytes_out: Buffer.byteLength(JSON.stringify(record?.response)),
    release: 'r1',
    request: body,
  })
  const { latency_ms = 0, ttfb_ms = 0, overhead_ms = 0, dispatched_ms } = record ?? {}
  expect(latency_ms).toBeGreaterThanOrEqual(Number(ttfb_ms))
  expect(Number(ttfb_ms)).toBeGreaterThan(Number(overhead_ms))
  expect(Number(overhead_ms)).toBeGreaterThan(0)
  expect(dispatched_ms).toBeGreaterThan(0)
  expect(dispatched_ms).toBeLessThanOrEqual(Number(overhead_ms))
})

test('without a dialog id or a named key their fields are omitted', async () => {
  const gateway = await startGateway()
  await gateway.post(chat('echo'))
  const [record] = await gateway.records(1)
  expect(record).not.toHaveProperty('dialog_id')
  expect(record).not.toHaveProperty('dialog_source')
  expect(record).not.toHaveProperty('api_key_name')
  expect(record).not.toHaveProperty('truncated')
})

test('the id of a dialog may be in any language', async () => {
  const { gateway } = await startWithUpstream()
  const header = (text: string) => ({ 'x-dialog-id': Buffer.from(text).toString('latin1') })
  await gateway.post(chat('mock/normal'), header('диалог'))
  expect((await gateway.records(1))[0]?.dialog_id).toBe('диалог')
})
