import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { canonicalJson } from '../../../../logdb/canon/canonical-reader.ts'
import { type Random, seededRandom } from '../../random.ts'
import { record, timestampAt } from '../logs.ts'
import { SERVER_ID, workspace } from '../workspace.ts'

const RECORDS = 600
/** One in this many records is out of turn, a day later. */
const OUT_OF_TURN = 25
const ROLES: [string, ...string[]] = ['user', 'assistant', 'tool']
/** Short and long ones, with all that JSON can have in a text. */
const CONTENTS: [string, ...string[]] = [
  'Hi',
  'Hi',
  '{"}],',
  'a "quoted" [word], \\ and a tab\t',
  'привет 日本語 😀',
  'lone \ud83d half',
  `long ${'text '.repeat(60)}`,
  `long ${'text '.repeat(60)}with another end`,
]
/** Members that come before the conversation in the canonical form, and after it. */
const HEADS: [string, ...string[]] = ['', '', '"max_tokens":5,', '"max_tokens": 6 ,', '"a":{"z":1,"b":[1.0,-0]},']
const TAILS: [string, ...string[]] = [
  '',
  ',"model":"gpt-4o"',
  ',"temperature":0.70,"model":"m"',
  ',"system":"Be brief."',
]
const NAMES: [string, ...string[]] = ['messages', 'messages', 'messages', 'contents', 'input', 'prompt']

/** The same messages are written in several ways, as by several clients. */
function messageText(random: Random): string {
  const [role, content] = [random.pick(ROLES), JSON.stringify(random.pick(CONTENTS))]
  return random.pick([
    `{"role":"${role}","content":${content}}`,
    `{"role":"${role}","content":${content}}`,
    `{ "content" : ${content}, "role":"${role}"}`,
    `{"role":"nobody","content":${content},"role":"${role}"}`,
    content,
    '12',
    '1',
  ])
}

/** Bodies of conversations that continue, fork, repeat and are resumed. */
function requestTexts(random: Random): string[] {
  const conversations: string[][] = []
  return Array.from({ length: RECORDS }, () => {
    const known = conversations[random.below(conversations.length + 1)] ?? []
    const kept = known.slice(0, random.below(4) === 0 ? random.below(known.length + 1) : known.length)
    const messages = [...kept, ...Array.from({ length: random.below(3) }, () => messageText(random))]
    conversations.push(messages)
    const array = random.below(30) === 0 ? '"text"' : `[${messages.join(random.pick([',', ',', ' , ']))}]`
    const other = random.below(10) === 0 ? `"${random.pick(NAMES)}":[${messageText(random)}],` : ''
    return `{${random.pick(HEADS)}${other}"${random.pick(NAMES)}":${array}${random.pick(TAILS)}}`
  })
}

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

/** Reads logs of requests that repeat each other's messages, this many times: each is stored as it was sent, under its id. */
export async function expectRepeatsStored(rounds: number): Promise<void> {
  for (let seed = 1; seed <= rounds; seed++) {
    const random = seededRandom(seed)
    const space = workspace()
    const expected = new Map<string, { id: string; json: string }>()
    const lines = requestTexts(random).map((request, index) => {
      const isOutOfTurn = random.below(OUT_OF_TURN) === 0
      const timestamp = timestampAt(index, `2025-09-1${isOutOfTurn || index > RECORDS / 2 ? 1 : 0}T10:00:00Z`)
      const fields = record({ timestamp, x_request_id: `x${index}` })
      const line = JSON.stringify({ ...fields, request: 'REQUEST' }).replace('"REQUEST"', () => request)
      const json = canonicalJson(Buffer.from(request))
      const response = canonicalJson(Buffer.from(JSON.stringify(fields.response)))
      const parts = [SERVER_ID, timestamp, fields.endpoint, sha256(json), sha256(response), `x${index}`]
      expected.set(`x${index}`, { id: sha256(parts.join('|')), json: json.toString('utf8') })
      return line
    })
    space.write('requests-1.jsonl', `${lines.join('\n')}\n`)
    expect(await space.ingest()).toMatchObject({ rowsInserted: RECORDS, recordsQuarantined: 0 })
    const rows = await space.query<{ x: string; id: string; json: string }>(
      'SELECT x_request_id AS x, request_id AS id, request_json AS json FROM request_details',
    )
    for (const { x, ...found } of rows) expect(found, x).toEqual(expected.get(x))
    expect(rows).toHaveLength(RECORDS)
  }
}
