import { expect, test } from 'vitest'
import { Thread } from '../../../logdb/conversation/thread.ts'

const user = (content: string) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })
const ask = (...messages: unknown[]) => ({ messages })
const answer = (...messages: unknown[]) => ({ choices: messages.map((message) => ({ message })) })

/** Which request each one continues, and how many turns it adds. */
function steps(requests: [unknown, unknown][]): [number | undefined, number][] {
  const thread = new Thread()
  return requests.map(([request, response]) => {
    const { after, turns } = thread.add(request, response)
    return [after, turns.length]
  })
}

test('each request repeats what was said, and only the rest of it is new', () => {
  expect(
    steps([
      [ask(user('a')), answer(assistant('b'))],
      [ask(user('a'), assistant('b'), user('c')), answer(assistant('d'))],
      [ask(user('a'), assistant('b'), user('c'), assistant('d'), user('e')), answer()],
      [ask(user('new')), answer()],
    ]),
  ).toEqual([
    [undefined, 1],
    [0, 1],
    [1, 1],
    [undefined, 1],
  ])
})

test('reasoning need not be sent back', () => {
  const thinking = { ...assistant('b'), reasoning_content: 'hm' }
  expect(
    steps([
      [ask(user('a')), answer(thinking)],
      [ask(user('a'), assistant('b'), user('c')), answer()],
    ]),
  ).toEqual([
    [undefined, 1],
    [0, 1],
  ])
})

test('a request may continue any of several choices, or an earlier request', () => {
  expect(
    steps([
      [ask(user('a')), answer(assistant('b'), assistant('other'))],
      [ask(user('a'), assistant('other'), user('c')), answer()],
      [ask(user('a'), assistant('changed'), user('c')), answer()],
    ]),
  ).toEqual([
    [undefined, 1],
    [0, 1],
    [0, 2],
  ])
})

test('a request continues all items of an answer together', () => {
  const items = [
    { type: 'reasoning', summary: [] },
    { type: 'function_call', name: 'f', arguments: '{}' },
    { role: 'assistant', content: [{ type: 'output_text', text: 'b' }] },
  ]
  expect(
    steps([
      [{ input: [user('a')] }, { output: items }],
      [{ input: [user('a'), ...items.slice(1), user('c')] }, { output: [] }],
    ]),
  ).toEqual([
    [undefined, 1],
    [0, 1],
  ])
})
