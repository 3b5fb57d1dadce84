import { expect, test } from 'vitest'
import { googleProblem } from '../../../../proxy/providers/gemini/gemini-errors.ts'
import { GeminiStream } from '../../../../proxy/providers/gemini/gemini-stream.ts'

function start() {
  const signatures: Record<string, string> = {}
  const stream = new GeminiStream({
    problemIn: (json) => googleProblem(json, 200),
    remember: (callId, signature) => {
      signatures[callId] = signature
    },
  })
  const rewrite = (lines: string) => stream.rewrite(Buffer.from(lines)).toString()
  const whole = (lines: string) => rewrite(lines) + stream.end(Buffer.alloc(0)).toString()
  return { signatures, rewrite, whole }
}

function event(choices: string, more = ''): string {
  return `data: {"choices":[${choices}],"created":1761000000,"model":"gemini-3-flash"${more}}\n\n`
}

function calls(...list: string[]): string {
  return `{"delta":{"role":"assistant","tool_calls":[${list.join(',')}]},"index":0}`
}

function call(id: string, more = ''): string {
  return `${more}"function":{"arguments":"{}","name":"f"},"id":"${id}","type":"function"`
}

test('chunks that are correct stay unchanged', () => {
  const { rewrite } = start()
  const lines = [
    event('{"delta":{"content":"the \\"usage\\" of \\"tool_calls\\"","role":"assistant"},"index":0}'),
    event('{ "delta" : { } , "index" : 0, "finish_reason" : null }', ', "seed": 12345678901234567890'),
    ': a comment with "usage"\n\n',
    event(
      '{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\\"n\\":1.0}"}}]},"index":0}',
    ),
    event('{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"f"}}]},"index":0}'),
    event('{"delta":{},"finish_reason":"tool_calls","index":0}', ',"usage":{"total_tokens":3}'),
    'data: {"usage":\n\n',
    'data: 7 "usage"\n\ndata: [DONE]\n\n',
  ]
  for (const line of lines) expect(rewrite(line)).toBe(line)
})

test('tool calls are numbered over the whole stream, separately for each choice', () => {
  const { rewrite } = start()
  expect(rewrite(event(calls(`{${call('a')}}`)))).toBe(event(calls(`{"index":0,${call('a')}}`)))
  const two = rewrite(event(calls(`{ ${call('b')}}`, `{${call('c')}}`)) + event(calls(`{${call('d')}}`)))
  expect(two).toBe(
    event(calls(`{"index":1, ${call('b')}}`, `{"index":2,${call('c')}}`)) + event(calls(`{"index":3,${call('d')}}`)),
  )
  const other = (index: string) => event(calls(`{${index}${call('e')}}`).replace('"index":0}', '"index":1}'))
  expect(rewrite(other(''))).toBe(other('"index":0,'))
})

test('later pieces of a call keep its number: by id, or without an id if no name starts a new call', () => {
  const { rewrite } = start()
  const numbers = (pieces: string[]) =>
    [...rewrite(event(calls(...pieces))).matchAll(/{"index":(\d)/g)].map(([, number]) => Number(number))
  expect(numbers([`{${call('a')}}`, '{"function":{"arguments":"x"}}', `{${call('b')}}`])).toEqual([0, 0, 1])
  expect(numbers(['{"function":{"arguments":"x"}}', '{"id":"a","function":{"arguments":"x"}}'])).toEqual([1, 0])
  expect(numbers([`{${call('')}}`, `{${call('')}}`, '{"function":{"arguments":"x"}}'])).toEqual([2, 3, 3])
})

test('a number that Google sends is used', () => {
  const { rewrite } = start()
  rewrite(event(calls(`{"index":0,${call('a')}}`, `{"index":4294967294,${call('far')}}`)))
  expect(rewrite(event(calls(`{${call('b')}}`)))).toBe(event(calls(`{"index":1,${call('b')}}`)))
})

test('an answer with tool calls ends with tool_calls, and ends once', () => {
  const { rewrite } = start()
  const end = (reason: string, index = 0) => `{"delta":{},"finish_reason":${reason},"index":${index}}`
  rewrite(event(calls(`{${call('a')}}`)))
  expect(rewrite(event(end('"stop"')))).toBe(event(end('"tool_calls"')))
  expect(rewrite(event(end('"stop"')))).toBe(event(end('null')))
  expect(rewrite(event(end('"stop"', 1)))).toBe(event(end('"stop"', 1)))
})

test('the end may be in the chunk of the call; an end for another reason stays unchanged', () => {
  const withEnd = (index: string, reason: string) =>
    event(`{"finish_reason":"${reason}","delta":{"tool_calls":[{${index}${call('a')}}]},"index":0}`)
  expect(start().whole(withEnd('', 'stop'))).toBe(withEnd('"index":0,', 'tool_calls'))
  expect(start().whole(withEnd('', 'length'))).toBe(withEnd('"index":0,', 'length'))
})

test('tokens are reported once, at the end', () => {
  const { rewrite } = start()
  const text = '{"delta":{"content":"a"},"index":0}'
  const end = '{"delta":{"content":"b"},"finish_reason":"stop","index":0}'
  const usage = (total: string) => `,"usage":${total}`
  expect(rewrite(event(text, usage('{"total_tokens":3}')))).toBe(event(text, usage('null')))
  expect(rewrite(event(text, usage('null')))).toBe(event(text, usage('null')))
  const last = event(end, usage('{"total_tokens":4}')) + event('', usage('{"total_tokens":4}'))
  expect(rewrite(last)).toBe(last)
})

test('token counts in a separate chunk stay unchanged, whatever came before', () => {
  const { rewrite } = start()
  const first = event('{"delta":{"content":"a"},"index":0}', ',"usage":null')
  const counts = event('', ',"usage":{"total_tokens":4}')
  expect(rewrite(first + counts)).toBe(first + counts)
})

test('signatures are remembered by the id of their call, even if they arrive after it', () => {
  const { rewrite, signatures } = start()
  const extra = (signature: string) => `"extra_content":{"google":{"thought_signature":"${signature}"}}`
  rewrite(event(calls(`{${call('a', `${extra('one')},`)}}`, `{${call('b')}}`)))
  rewrite(event(calls(`{${extra('two')}}`)))
  rewrite(event(calls(`{${extra('lost')},"id":"","function":{"name":"f"}}`)))
  expect(signatures).toEqual({ a: 'one', b: 'two' })
})

const ERROR = { error: { code: 503, message: 'The model is "overloaded".', status: 'UNAVAILABLE' } }
const EVENT =
  'data: {"error":{"message":"The model is \\"overloaded\\".","type":"server_error","param":null,"code":"unavailable"}}\n'

test('an error, in an array or not, becomes an error event', () => {
  for (const error of [ERROR, [ERROR]]) {
    expect(start().rewrite(`data: ${JSON.stringify(error)}\r\n\r\n`)).toBe(`${EVENT}\r\n`)
  }
  const openAi = 'data: {"error":{"message":"x","type":"server_error","param":null,"code":502},"choices":[]}\n\n'
  expect(start().rewrite(openAi)).toBe(openAi)
})

test.for([[ERROR], ERROR])('JSON on separate lines is an error too, wherever it is divided: %j', (error) => {
  const text = event('{"delta":{"content":"a"},"index":0}')
  const lines = `${text}${JSON.stringify(error, null, 2)}\n`.split(/(?<=\n)/)
  for (let cut = 1; cut <= lines.length; cut++) {
    const { rewrite } = start()
    const out = rewrite(lines.slice(0, cut).join('')) + rewrite(lines.slice(cut).join(''))
    expect(out).toBe(`${text}${EVENT}\n`)
  }
  const { rewrite } = start()
  expect(lines.map(rewrite).join('') + rewrite('data: [DONE]\n\n')).toBe(`${text}${EVENT}\ndata: [DONE]\n\n`)
})

test('JSON that is not an error does not hold back what follows', () => {
  const { rewrite } = start()
  const text = event('{"delta":{"content":"a"},"index":0}')
  expect(rewrite(`{\n${text}`) + rewrite(text)).toBe(text + text)
})

test('parallel calls that all have the number 0 get their own, with ids and without', () => {
  const numbersOf = (ids: string[]) => {
    const { whole } = start()
    const lines = ids.map((id) => event(calls(`{"index":0,${call(id)}}`))).join('')
    return [...whole(lines).matchAll(/"index":(\d+),"function"/g)].map(([, index]) => Number(index))
  }
  expect(numbersOf(['a', 'b', 'c'])).toEqual([0, 1, 2])
  expect(numbersOf(['', '', ''])).toEqual([0, 1, 2])
  expect(numbersOf(['a', 'b', 'a'])).toEqual([0, 1, 0])
})

test('an end in every chunk is the end only in the last one, wherever the stream is divided', () => {
  const piece = (content: string, reason: string, total: string) =>
    event(`{"delta":{"content":"${content}"},"finish_reason":${reason},"index":0}`, `,"usage":${total}`)
  const counts = (total: number) => `{"total_tokens":${total}}`
  const sent = `${piece('a', '"stop"', counts(1))}${piece('b', '"stop"', counts(2))}${piece('c', '"stop"', counts(3))}`
  const expected = `${piece('a', 'null', 'null')}${piece('b', 'null', 'null')}${piece('c', '"stop"', counts(3))}`
  const lines = `${sent}data: [DONE]\n\n`.split(/(?<=\n)/)
  for (let cut = 1; cut <= lines.length; cut++) {
    const { rewrite } = start()
    expect(rewrite(lines.slice(0, cut).join('')) + rewrite(lines.slice(cut).join(''))).toBe(
      `${expected}data: [DONE]\n\n`,
    )
  }
  expect(start().whole(sent)).toBe(expected)
})

test.for([
  ['content_filter', '"usage":{"prompt_tokens":7,"total_tokens":7}'],
  ['length', '"usage":{"prompt_tokens":7,"completion_tokens":0,"total_tokens":507}'],
  ['content_filter', '"created":1'],
])('a stream without choices gets one that says why: %s', ([reason, members]) => {
  for (const choices of ['"choices":[],', '']) {
    const chunk = `data: {${choices}"id":"x",${members}}\n\n`
    const [first, second, ...rest] = start().whole(`${chunk}data: [DONE]\n\n`).split('\n\n')
    expect([`${first}\n\n`, rest]).toEqual([chunk, ['data: [DONE]', '']])
    expect(JSON.parse(second?.slice('data: '.length) ?? '')).toMatchObject({
      id: 'x',
      choices: [{ index: 0, delta: { role: 'assistant' }, finish_reason: reason }],
    })
  }
  const failed = 'data: {"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}\n\n'
  expect(start().whole(failed)).not.toContain('choices')
})
