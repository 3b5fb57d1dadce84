import { expect, test } from 'vitest'
import { type ExchangeEnd, type LoggedAnswer, toOutcome } from '../../../proxy/exchange/outcome.ts'
import { problems } from '../../../proxy/problems.ts'

const ANSWER: LoggedAnswer = {
  body: { json: Buffer.from('{}'), truncated: false },
  finishReason: 'stop',
  usage: null,
  hasFailed: false,
}

function outcomeOf(end: Partial<ExchangeEnd>) {
  return toOutcome({
    hasClientLeft: false,
    isDelivered: false,
    response: { statusCode: 200, bytesOut: 2 },
    route: undefined,
    refusal: undefined,
    delivered: 'ok',
    logged: ANSWER,
    ...end,
  })
}

test('the result is that of the answer, unless the answer contains an error', () => {
  expect(outcomeOf({})).toMatchObject({ result: 'ok', statusCode: 200, bytesOut: 2, answer: ANSWER })
  expect(outcomeOf({ delivered: 'upstream_truncated' }).result).toBe('upstream_truncated')
  const failed = { ...ANSWER, hasFailed: true }
  expect(outcomeOf({ logged: failed }).result).toBe('upstream_error')
  expect(outcomeOf({ logged: failed, delivered: 'upstream_truncated' }).result).toBe('upstream_truncated')
})

test('if the client leaves, that is the result', () => {
  const refusal = { problem: problems.internal(), result: 'rejected' } as const
  expect(outcomeOf({ hasClientLeft: true }).result).toBe('client_aborted')
  expect(outcomeOf({ hasClientLeft: true, logged: { ...ANSWER, hasFailed: true } }).result).toBe('client_aborted')
  expect(outcomeOf({ hasClientLeft: true, refusal }).result).toBe('client_aborted')
})

test('without an answer the log gets the error that took its place', () => {
  const codeOf = (end: Partial<ExchangeEnd>) => {
    const { answer } = outcomeOf({ logged: undefined, ...end })
    return JSON.parse(answer.body.json.toString()).error.code
  }
  expect(codeOf({})).toBe('upstream_disconnected')
  expect(codeOf({ hasClientLeft: true })).toBe('client_aborted')
  const refusal = { problem: problems.upstreamUnreachable('openai'), result: 'upstream_error' } as const
  expect(codeOf({ refusal })).toBe('upstream_unreachable')
  expect(codeOf({ refusal, hasClientLeft: true, logged: ANSWER })).toBe('upstream_unreachable')
  expect(outcomeOf({ refusal })).toMatchObject({ result: 'upstream_error', problem: refusal.problem })
})
