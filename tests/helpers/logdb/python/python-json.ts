import { spawnSync } from 'node:child_process'
import { expect } from 'vitest'
import { canonicalJson } from '../../../../logdb/canon/canonical-reader.ts'
import { seededRandom } from '../../random.ts'
import { predecessorEvent, record, timestampAt } from '../logs.ts'
import { SERVER_ID } from '../workspace.ts'
import { randomJson } from './random-json.ts'

const DUMPS = `
import json, sys
for line in sys.stdin:
    value = json.loads(json.loads(line))
    print(json.dumps(json.dumps(value, ensure_ascii=False, sort_keys=True)))
`

/** The ids that the predecessor's recipe gives; ours have the id of the gateway behind it. */
const IDS = `
import hashlib, json, sys
def sha256(text):
    return hashlib.sha256(text.encode('utf-8')).hexdigest()
for line in sys.stdin:
    entry = json.loads(json.loads(line))
    bodies = [sha256(json.dumps(entry[name], ensure_ascii=False, sort_keys=True)) for name in ('request', 'response')]
    parts = ['${SERVER_ID}', entry['timestamp'], entry['endpoint'], *bodies]
    if entry.get('x_request_id'):
        parts.append(entry['x_request_id'])
    print(json.dumps(sha256('|'.join(parts))))
`

/** What a program of Python prints for each of these texts. */
function python(program: string, texts: readonly string[]): string[] {
  const input = texts.map((text) => `${JSON.stringify(text)}\n`).join('')
  const { stdout, stderr } = spawnSync('python3', ['-c', program], { input, encoding: 'utf8', maxBuffer: 2 ** 29 })
  expect(stderr).toBe('')
  const lines = stdout.trimEnd().split('\n')
  expect(lines).toHaveLength(texts.length)
  return lines.map((line): string => JSON.parse(line))
}

/** Compares `count` random texts in canonical form with what Python makes of them. */
export function expectLikePython(seed: number, count: number): void {
  const random = seededRandom(seed)
  const texts = Array.from({ length: count }, () => randomJson(random))
  const expected = python(DUMPS, texts)
  for (const [index, text] of texts.entries()) {
    expect(canonicalJson(Buffer.from(text)).toString('utf8'), text).toBe(expected[index])
  }
}

/** Records of both formats, each in one line, with anything for bodies. Their time stamps differ. */
export function randomRecords(seed: number, count: number): string[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, (_, index) => {
    const fields = { timestamp: timestampAt(index), endpoint: random.pick(['/v1/x', '/v1/é😀', '/v1/"\\']) }
    const event = random.below(2) === 0 ? predecessorEvent(fields) : record({ ...fields, x_request_id: `x ${index} é` })
    // A record with a body that is null is not one.
    const body = () => `[${randomJson(random)}]`
    const text = JSON.stringify({ ...event, request: 'REQUEST', response: 'RESPONSE' })
    return text.replace('"REQUEST"', body).replace('"RESPONSE"', body)
  })
}

/** The ids of records as Python computes them, in their order. */
export const pythonIds = (records: readonly string[]): string[] => python(IDS, records)
