import { expect, test } from 'vitest'
import { Rows } from '../../../../logdb/ingest/reading/rows.ts'
import { rowsOf } from '../../../../logdb/store/rows/row-group.ts'
import { record, timestampAt } from '../../../helpers/logdb/logs.ts'

type Message = { role: string; content: string }

const newRows = () => new Rows({ serverId: 's', partitionOf: () => '/partition', maxKnownBytes: 1e8 })
const message = (index: number): Message => ({
  role: index % 2 === 0 ? 'user' : 'assistant',
  content: `message ${index}, which says a little more than its number`,
})
const messages = (count: number) => Array.from({ length: count }, (_, index) => message(index))

/** The ids, which have the SHA-256 of the whole body, and how many messages of each conversation can be searched. */
function read(rows: Rows, requests: object[]): { id: string; searchable: number }[] {
  for (const [index, request] of requests.entries()) {
    const json = Buffer.from(JSON.stringify(record({ timestamp: timestampAt(index), request })))
    const entry = rows.read(json)
    if (entry) rows.add(entry, { offset: index, length: json.length }, true)
  }
  const found = rows.take().groups.flatMap((group) => [...rowsOf(group)])
  return found.map(({ requestId, searchable }) => ({ id: requestId, searchable }))
}

/** The same if nothing is known of earlier requests. */
function readApart(requests: object[]) {
  return requests.flatMap((_, index) => {
    const before = requests.slice(0, index).map(() => ({ model: 'm' }))
    return read(newRows(), [...before, requests[index] as object]).slice(-1)
  })
}

const body = (sent: Message[], model = 'm') => ({ model, messages: sent })
const growing = [2, 4, 6, 8, 10].map((count) => body(messages(count)))
/** As long as what it replaces. */
const edited = messages(12).map((one, index) =>
  index === 5 ? { ...one, content: one.content.replace('5', '7') } : one,
)

test.each([
  ['grows', [...growing, body(messages(12)), body(messages(14))]],
  ['is sent again', [...growing, body(messages(10)), body(messages(12)), body(messages(12))]],
  ['was edited in the middle', [...growing, body(edited), body([...edited, message(20)]), body(messages(12))]],
  [
    'ends with another message',
    [...growing, body([...messages(10), message(30)]), body([...messages(10), message(31)])],
  ],
  ['goes back', [...growing, body(messages(4)), body([...messages(4), message(40)]), body(messages(11))]],
  [
    'comes with another model',
    [...growing, body(messages(12), 'other'), body(messages(14), 'other'), body(messages(14))],
  ],
  [
    'runs next to others',
    [...growing, ...growing.map(({ messages: sent }) => body([message(50), ...sent])), ...growing],
  ],
])('a conversation that %s is the same as if nothing were known of it', (_, requests) => {
  expect(read(newRows(), requests)).toEqual(readApart(requests))
})
