import { expect, test } from 'vitest'
import { googleProblem } from '../../../../proxy/providers/gemini/gemini-errors.ts'

function problemOf(error: object, httpStatus = 500) {
  const plain = googleProblem(Buffer.from(JSON.stringify({ error })), httpStatus)
  expect(googleProblem(Buffer.from(` [${JSON.stringify({ error }, null, 2)}\n]\n`), httpStatus)).toEqual(plain)
  return plain
}

test.for<[status: string, expected: object]>([
  ['INVALID_ARGUMENT', { status: 400, type: 'invalid_request_error', code: 'invalid_argument' }],
  ['FAILED_PRECONDITION', { status: 400, type: 'invalid_request_error', code: 'failed_precondition' }],
  ['PERMISSION_DENIED', { status: 403, type: 'invalid_request_error', code: 'permission_denied' }],
  ['NOT_FOUND', { status: 404, type: 'invalid_request_error', code: 'model_not_found' }],
  ['RESOURCE_EXHAUSTED', { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' }],
  ['INTERNAL', { status: 500, type: 'server_error', code: 'internal' }],
  ['UNAVAILABLE', { status: 503, type: 'server_error', code: 'unavailable' }],
  ['DEADLINE_EXCEEDED', { status: 504, type: 'timeout_error', code: 'upstream_timeout' }],
  ['ABORTED', { status: 409, type: 'invalid_request_error', code: 'aborted' }],
])('%s keeps its message', ([status, expected]) => {
  expect(problemOf({ code: 409, message: 'What Google says', status }, 409)).toMatchObject({
    ...expected,
    message: 'What Google says',
    param: null,
  })
})

test('if Google refuses the gateway’s key, the client is not blamed', () => {
  const refused = { status: 502, code: 'upstream_auth_error', headers: { 'x-should-retry': 'false' } }
  expect(problemOf({ code: 401, message: 'x', status: 'UNAUTHENTICATED' }, 401)).toMatchObject(refused)
  for (const [reason, status, word] of [
    ['API_KEY_INVALID', 400, 'INVALID_ARGUMENT'],
    ['API_KEY_SERVICE_BLOCKED', 403, 'PERMISSION_DENIED'],
  ] as const) {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason }]
    const problem = problemOf({ code: status, message: 'Bad key AIzaSecret', status: word, details }, status)
    expect(problem).toMatchObject(refused)
    expect(problem?.message).not.toContain('AIzaSecret')
  }
})

test('the time to wait is passed on if Google sends it', () => {
  const limited = (...details: unknown[]) =>
    problemOf({ message: 'x', status: 'RESOURCE_EXHAUSTED', details }, 429)?.headers
  expect(limited({ violations: [] }, { retryDelay: '17.4s' })).toEqual({
    'retry-after': '18',
    'retry-after-ms': '17400',
  })
  expect(limited({ retryDelay: '40s' })).toMatchObject({ 'retry-after': '40' })
  expect(limited({ retryDelay: 'soon' }, null)).toBeUndefined()
})

test('a status is chosen only if there is none', () => {
  expect(problemOf({ status: 'UNKNOWN', code: 501 }, 200)).toMatchObject({ status: 501, code: 'unknown' })
  expect(problemOf({ status: 'UNKNOWN', code: 7 }, 200)).toMatchObject({
    status: 502,
    message: 'gemini answered with status 502.',
  })
  expect(googleProblem(Buffer.from('[{"error":{"message":"x"}}]'), 418)).toMatchObject({ status: 418, code: null })
})

test('members that are not strings do no harm', () => {
  const odd = { toString: 1 }
  expect(problemOf({ message: odd, status: 'UNAVAILABLE', details: [{ retryDelay: odd }] })).toMatchObject({
    message: 'gemini answered with status 503.',
  })
  expect(googleProblem(Buffer.from(JSON.stringify([{ error: { message: 'x', status: odd } }])), 418)).toMatchObject({
    status: 418,
    code: null,
  })
})

test('everything else is passed on unchanged', () => {
  const others = ['{"error":{"message":"x","type":"server_error","code":null}}', '{"error":"x"}', '[]', '[7]', '{', '']
  for (const body of others) expect(googleProblem(Buffer.from(body), 500)).toBeUndefined()
})
