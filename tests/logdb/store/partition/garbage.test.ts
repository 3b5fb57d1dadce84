import { expect } from 'vitest'
import { jsonl, record, timestampAt } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

/** Numbers from 0 to below `limit`, the same each time. */
function seeded(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state * 48271) % 2147483647
    return state % limit
  }
}

type Draw = (limit: number) => number

/**
 * Bodies of one of the APIs, made of few words, so that much is shared. What has no role has its own words: the same text
 * gets the role of the place where it was first.
 */
function bodies(draw: Draw): { request: unknown; response: unknown } {
  const word = (kind = 'word') => `${kind}${draw(6)}${draw(3) === 0 ? ' and so on'.repeat(6) : ''}`
  const turns = Array.from({ length: 1 + draw(4) }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: word(),
  }))
  const answer = { role: 'assistant', content: word() }
  const choices = [
    { index: 0, message: answer },
    ...(draw(3) === 0 ? [{ index: 1, message: { content: word() } }] : []),
  ]
  const shapes = [
    { request: { messages: turns }, response: { choices } },
    {
      request: { messages: turns, system: word('system') },
      response: { ...answer, content: [{ type: 'text', text: word() }] },
    },
    {
      request: { input: turns, instructions: word('system') },
      response: {
        output: [
          { type: 'reasoning', summary: [{ text: word() }] },
          { type: 'message', ...answer },
        ],
      },
    },
    {
      request: {
        contents: turns.map(({ role, content }) => ({ role, parts: [{ text: content }] })),
        systemInstruction: { parts: [{ text: word('system') }] },
      },
      response: { candidates: [{ content: { role: 'model', parts: [{ text: word() }] } }] },
    },
    { request: { prompt: word('prompt') }, response: { choices: [{ text: word('text') }] } },
    { request: { input: [1, 2] }, response: { error: { message: word() } } },
  ]
  return shapes[draw(shapes.length)] ?? { request: {}, response: {} }
}

/** Messages, and what is searched of them. */
const FORMS = `
  SELECT form.json AS form, text.json AS text FROM z_msg_form f JOIN message form ON form.id = f.msg JOIN message text ON text.id = f.text
  ORDER BY 1, 2`

/** All that a database holds, whatever numbers it gave to it. */
async function contents(space: Workspace) {
  return {
    requests: await space.query('SELECT * FROM request_details ORDER BY ts, request_id'),
    texts: await space.query('SELECT role, content FROM request_text_index ORDER BY role, content'),
    messages: await space.query(
      'SELECT json FROM message WHERE id IN (SELECT msg FROM z_node UNION SELECT msg FROM z_msg_first UNION SELECT resp_msg FROM z_req) ORDER BY json',
    ),
    copies: await space.query('SELECT role, text FROM z_msg_text ORDER BY role, text'),
    forms: await space.query(FORMS),
    pieces: await space.query(
      'SELECT json, own, start, size FROM z_msg_piece JOIN message m ON m.id = msg ORDER BY 1, 2, 3',
    ),
    paths: await space.query(
      'SELECT json, depth FROM z_node node JOIN message ON message.id = node.msg ORDER BY json, depth',
    ),
    conversations: await space.query(
      'SELECT hex(conv.h) AS h, hex(root.h) AS root FROM z_conv conv JOIN z_conv root ON root.tip = conv.conv_root ORDER BY conv.h',
    ),
  }
}

/** Messages and texts that are not in the request that is noted for them. */
const MISPLACED = `
  SELECT content FROM request_text_index t JOIN requests r USING (request_id)
  WHERE instr(request_json || response_json, content) = 0`

for (const seed of [1, 2, 3, 4, 5, 6]) {
  sqliteTest(
    `what is left after forgetting is what reading the other requests alone gives (seed ${seed})`,
    async () => {
      const draw = seeded(seed)
      const records = Array.from({ length: 60 }, (_, index) => {
        return record({
          timestamp: timestampAt(index),
          x_request_id: `r${index}`,
          api_key_hash: `key${draw(3)}`,
          ...bodies(draw),
        })
      })
      const [all, rest] = [workspace(), workspace()]
      all.write('requests-x.jsonl', jsonl(records))
      rest.write('requests-x.jsonl', jsonl(records.filter(({ api_key_hash }) => api_key_hash !== 'key0')))
      await all.ingest()
      await rest.ingest()
      expect((await all.run(['forget', '--key', 'key0', '--yes'])).exitCode).toBe(0)
      expect(await contents(all)).toEqual(await contents(rest))
      expect(await all.query(MISPLACED)).toEqual([])
      expect(await all.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
    },
  )
}
