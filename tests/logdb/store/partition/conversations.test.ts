import { expect } from 'vitest'
import { chat, jsonl, record, timestampAt } from '../../../helpers/logdb/logs.ts'
import { makeOlder } from '../../../helpers/logdb/older-partition.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'
import { type Random, seededRandom } from '../../../helpers/random.ts'

const said = (...texts: string[]) =>
  texts.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content }))

/** A request that sends these texts, named by its last ones. */
const turn = (index: number, texts: string[], day = '2025-09-10') =>
  record({
    x_request_id: texts.join(' '),
    timestamp: timestampAt(index, `${day}T12:00:00Z`),
    request: chat(texts.at(-1) ?? '', said(...texts.slice(0, -1))),
  })

/** Which request each request continues: the one whose conversation is the root of this one's conversation. */
async function roots({ query }: Workspace): Promise<Record<string, string>> {
  const rows = await query<{ id: string; root: string }>(`
    SELECT req.x_request_id AS id, min(first.x_request_id) AS root
    FROM z_req req JOIN z_conv conv ON conv.tip = req.tip JOIN z_req AS first ON first.tip = conv.conv_root GROUP BY req.id`)
  return Object.fromEntries(rows.map(({ id, root }) => [id, root]))
}

const conversations = ({ query }: Workspace) =>
  query(
    'SELECT hex(conv.h) AS h, hex(root.h) AS root FROM z_conv conv JOIN z_conv AS root ON root.tip = conv.conv_root ORDER BY 1',
  )

sqliteTest('a request belongs to the shortest one that it continues, forks included', async () => {
  const space = workspace()
  const sent = [['a'], ['a', 'b', 'c'], ['a', 'b', 'x'], ['a', 'b', 'c', 'd', 'e'], ['z', 'b', 'c'], ['a']]
  space.write('requests-1.jsonl', jsonl(sent.map((texts, index) => turn(index, texts))))
  await space.ingest()
  expect(await roots(space)).toEqual({
    a: 'a',
    'a b c': 'a',
    'a b x': 'a',
    'a b c d e': 'a',
    'z b c': 'z b c',
  })
})

sqliteTest('a shorter request that comes later becomes the root of all that continue it', async () => {
  const space = workspace()
  const sent = [['s', 'a', 'b', 'c', 'd'], ['s', 'a', 'b', 'x'], ['s', 'q'], ['s', 'a', 'b'], ['s']]
  for (const [index, texts] of sent.entries()) {
    space.write(`requests-${index}.jsonl`, jsonl([turn(index, texts)]))
    await space.ingest()
  }
  expect(Object.values(await roots(space))).toEqual(['s', 's', 's', 's', 's'])
})

sqliteTest('conversations are the same for any order of requests, also in an older database', async () => {
  const random = seededRandom(7)
  for (let round = 0; round < 5; round++) {
    const sent = Array.from({ length: 60 }, (_, index) => turn(index, randomTexts(random)))
    const [ordered, shuffled] = [workspace(), workspace()]
    ordered.write('requests-1.jsonl', jsonl(sent))
    shuffled.write('requests-1.jsonl', jsonl(sent.toReversed()))
    await ordered.ingest()
    await shuffled.ingest()
    const expected = await conversations(ordered)
    expect(await conversations(shuffled)).toEqual(expected)
    await makeOlder(ordered.partitions()[0] ?? '', 1)
    await ordered.run(['seal'])
    expect(await conversations(ordered)).toEqual(expected)
  }
})

/** Often the start of another one. */
const randomTexts = (random: Random) =>
  Array.from({ length: 1 + random.below(5) }, () => random.pick(['a', 'a', 'a', 'b']))

sqliteTest('a conversation has the same hash in the partitions of both days', async () => {
  const space = workspace()
  space.write('requests-1.jsonl', jsonl([turn(0, ['a', 'b', 'c']), turn(0, ['a', 'b', 'c'], '2025-09-11')]))
  await space.ingest()
  const [first, second] = await space.query<{ h: string }>('SELECT hex(h) AS h FROM z_conv')
  expect([first?.h, first]).toEqual([expect.stringMatching(/^[0-9A-F]{32}$/), second])
})
