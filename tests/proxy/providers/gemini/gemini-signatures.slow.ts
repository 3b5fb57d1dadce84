import { expect, test } from 'vitest'
import {
  checksSignatures,
  restoreSignatures,
  SignatureMemory,
} from '../../../../proxy/providers/gemini/gemini-signatures.ts'

const SKIP = 'skip_thought_signature_validator'

function restore(body: string, known: Record<string, string> = {}): string {
  return restoreSignatures(Buffer.from(body), (callId) => known[callId]).toString()
}

function extra(signature: string): string {
  return `"extra_content":{"google":{"thought_signature":"${signature}"}}`
}

function conversation(...calls: string[]): string {
  const messages = [
    '{"role":"user","content":"say \\"tool_calls\\" 🙂"}',
    `{"role":"assistant","content":null,"tool_calls":[${calls.join(', ')}]}`,
    '{"role":"tool","tool_call_id":"a","content":"{\\"n\\":12345678901234567890}"}',
  ]
  return `\n{"model":"gemini-3-pro","seed":1.0,"messages":[${messages.join(' ,')}],"tools":[] }`
}

test('Gemini 3 and later models check signatures', () => {
  const checking = ['gemini-3-pro', 'gemini-3.1-flash-lite', 'models/gemini-3-pro', 'gemini-10-x', 'gemini-pro-latest']
  const others = ['gemini-2.5-pro', 'gemini-1.5-pro-latest', 'gemini-exp-1206', 'gemma-3-27b', 'my-gemini-3', '']
  for (const model of checking) expect([model, checksSignatures(model)]).toEqual([model, true])
  for (const model of others) expect([model, checksSignatures(model)]).toEqual([model, false])
})

test('known signatures are restored in their calls, and nothing else changes', () => {
  const body = conversation('{"id":"a","function":{}}', '{ "id" : "b" }')
  expect(restore(body, { a: 'one', b: 'two' })).toBe(
    conversation(`{${extra('one')},"id":"a","function":{}}`, `{${extra('two')}, "id" : "b" }`),
  )
})

test('of calls in one message only the first needs a signature', () => {
  expect(restore(conversation('{"id":"a"}', '{"id":"b"}'), { a: 'one' })).toBe(
    conversation(`{${extra('one')},"id":"a"}`, '{"id":"b"}'),
  )
  expect(restore(conversation('{"id":"x"}', '{"id":"y"}'))).toBe(
    conversation(`{${extra(SKIP)},"id":"x"}`, '{"id":"y"}'),
  )
  expect(restore(conversation('{"function":{}}'))).toBe(conversation(`{${extra(SKIP)},"function":{}}`))
})

test('a signature that the client kept is not replaced', () => {
  const body = conversation(`{"id":"a",${extra('kept')}}`, '{"id":"b"}')
  expect(restore(body, { a: 'one' })).toBe(body)
})

test('other extra content stays next to the signature', () => {
  expect(restore(conversation('{"id":"a","extra_content":{"google":{"x":1},"y":2}}'), { a: 'one' })).toBe(
    conversation('{"id":"a","extra_content":{"google":{"thought_signature":"one","x":1},"y":2}}'),
  )
  for (const empty of ['{"google":{"thought_signature":""}}', '{"google":{ }}', '{"google":7}', '{ }', '7', 'null']) {
    const signed = conversation(`{"id":"a","extra_content":${empty}}`)
    expect(JSON.parse(restore(signed, { a: 'one' }))).toEqual(JSON.parse(conversation(`{"id":"a",${extra('one')}}`)))
  }
  expect(restore(conversation('{"id":"a","extra_content":null}'), { a: 'one' })).toBe(
    conversation(`{"id":"a",${extra('one')}}`),
  )
})

test('a body without calls stays unchanged, and malformed calls do no harm', () => {
  const bodies = [
    '{"messages":[{"content":"\\"tool_calls\\""}]}',
    '{"messages":7,"tool_calls":[]}',
    '{"messages":[7,null,[{"tool_calls":1}],{"tool_calls":null},{"tool_calls":{"id":"a"}},{"tool_calls":[1,{},[],null]}]}',
    '{"tool_calls":[{"id":"a"}]}',
  ]
  for (const body of bodies) {
    const bytes = Buffer.from(body)
    expect(restoreSignatures(bytes, () => 'x')).toBe(bytes)
  }
})

test('the memory forgets the least recently used signatures first', () => {
  const memory = new SignatureMemory()
  for (let call = 0; call < 10_000; call++) memory.set(`call-${call}`, 'x')
  memory.get('call-0')
  memory.set('one more', 'x')
  expect([memory.get('call-0'), memory.get('call-1'), memory.get('call-2')]).toEqual(['x', undefined, 'x'])
  memory.set('large', 'x'.repeat(15 * 2 ** 20))
  expect(memory.get('call-2')).toBe('x')
  memory.set('large', 'y'.repeat(15 * 2 ** 20))
  memory.set('larger', 'x'.repeat(2 * 2 ** 20))
  expect([memory.get('large'), memory.get('call-2'), memory.get('larger')?.length]).toEqual([
    undefined,
    undefined,
    2 * 2 ** 20,
  ])
  memory.set('too large', 'x'.repeat(17 * 2 ** 20))
  expect(memory.get('too large')).toBeUndefined()
})

test('deeply nested extra content and strange ids are passed on unchanged', () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  const call = (members: string) => conversation(`{"id":"a","extra_content":{${members}"deep":${deep}}}`)
  const signed = '"google":{"thought_signature":"one"},'
  expect(restore(call(''), { a: 'one' })).toBe(call(signed))
  for (const id of [deep, '{"toString":1}']) {
    const body = (before: string) => conversation(`{${before}"id":${id}}`)
    expect(restore(body(''))).toBe(body(`${extra(SKIP)},`))
  }
})

test('a very large number of calls does no harm', () => {
  const calls = Array.from({ length: 150_000 }, () => '{"id":"a"}').join(',')
  const signed = calls.replaceAll('{', `{${extra('one')},`)
  expect(restore(conversation(calls), { a: 'one' }) === conversation(signed)).toBe(true)
})
