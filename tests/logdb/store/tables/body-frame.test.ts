import { expect } from 'vitest'
import { framedSql, frameOf } from '../../../../logdb/store/tables/body-frame.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { openDatabase } from '../../../helpers/logdb/workspace.ts'
import { seededRandom } from '../../../helpers/random.ts'

const TAIL =
  '}], "created": 1757462400, "id": "chatcmpl-1", "model": "gpt-4o", "usage": {"cost": 0.0012, "n": 0, "prompt_tokens": 77}}'
const ODD = [
  '"id": "',
  '"',
  '": ',
  '%',
  '%s',
  '%%',
  '\\',
  ', ',
  '}',
  '0',
  '0.5',
  '007',
  '1e5',
  '-12',
  '9'.repeat(17),
  'ü🙂',
  '\u0001',
]

sqliteTest('ids and numbers are taken out, and what stays is the same for every answer', () => {
  const other = TAIL.replace('400', '999')
    .replace('chatcmpl-1', 'chatcmpl-2')
    .replace('0.0012', '0.5')
    .replace('77', '1234')
  expect(frameOf(other).text).toBe(frameOf(TAIL).text)
  expect(frameOf(TAIL)).toEqual({
    text: '}], "created": %s, "id": "%s", "model": "gpt-4o", "usage": {"cost": %s, "n": 0, "prompt_tokens": %s}}',
    values: '[1757462400,"chatcmpl-1","0.0012",77]',
  })
})

sqliteTest('SQLite puts every text together again', async () => {
  const db = await openDatabase(':memory:')
  const framed = db.prepare(`SELECT ${framedSql('f', 'v')} FROM (SELECT ? AS f, ? AS v)`).pluck()
  const random = seededRandom(7)
  const made = Array.from({ length: 5000 }, () => {
    return Array.from({ length: random.below(30) }, () => ODD[random.below(ODD.length)]).join('')
  })
  const many = Array.from({ length: 40 }, (_, index) => `"n": ${index + 10}, "id": "${index}%"`).join(', ')
  for (const text of ['', TAIL, many, `{${many}}`, ...made]) {
    const { text: frame, values } = frameOf(text)
    expect(framed.get(frame, values)).toBe(text)
  }
  db.close()
})
