import { hash } from 'node:crypto'
import { expect } from 'vitest'
import { PARTITION_SCHEMA } from '../../../../logdb/store/partition/schema/partition-schema.ts'
import { MessageStore } from '../../../../logdb/store/rows/message-store.ts'
import { openMigrated } from '../../../../logdb/store/sqlite/migrate.ts'
import { loadSqlite } from '../../../../logdb/store/sqlite/open.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'

const TEXTS = [
  '{"content": "Hi", "role": "user"}',
  '{"content": "", "role": "assistant"}',
  '{"content": "a", "name": "b", "role": "system"}',
  '{"content": "ü \\" \\u0001 🙂", "role": "developer"}',
  '{"content": "", "role": "role"}',
  '{"content": "x", "role": "user", "z": 1}',
  '{"content": ["x"], "role": "user"}',
  '{"content": ", "role": "user"}',
  '"Hi"',
  '{"content": "Hi", "role": "tool"}',
]

/** @param digest of the text, if it is not its own */
const message = (text: string, digest = hash('sha256', text, 'buffer')) => ({
  digest,
  json: Buffer.from(text),
  pieces: [],
})

const opened = async () => openMigrated(await loadSqlite(), ':memory:', PARTITION_SCHEMA)

sqliteTest('every message reads as it was stored, in whatever form, and is found again', async () => {
  using db = await opened()
  const store = new MessageStore(db)
  const ids = TEXTS.map((text, index) => store.storeText(message(text), index + 1))
  expect(new Set(ids).size).toBe(TEXTS.length)
  expect(db.prepareValue('SELECT json FROM z_msg ORDER BY id').all()).toEqual(TEXTS)
  expect(db.prepare('SELECT msg, req FROM z_msg_first').all()).toEqual(
    ids.map((msg, index) => ({ msg, req: index + 1 })),
  )
  expect(TEXTS.map((text) => store.find(message(text)))).toEqual(ids)
  expect(TEXTS.map((text) => store.storeText(message(text), 99))).toEqual(ids)
  expect(db.prepareValue("SELECT count(*) FROM z_msg_row WHERE form > 0 AND text LIKE '%role%'").get()).toBe(0)
})

sqliteTest('messages whose hashes begin alike stay apart', async () => {
  using db = await opened()
  const store = new MessageStore(db)
  const alike = (last: number) => Buffer.concat([Buffer.alloc(12, 7), Buffer.alloc(20, last)])
  const texts = ['{"content": "one", "role": "user"}', '{"content": "two", "role": "user"}', '"three"']
  const ids = texts.map((text, index) => store.storeText(message(text, alike(index)), 1))
  expect(new Set(ids).size).toBe(3)
  expect(texts.map((text, index) => store.find(message(text, alike(index))))).toEqual(ids)
  expect(texts.map((text, index) => store.storeText(message(text, alike(index)), 1))).toEqual(ids)
  expect(db.prepareValue('SELECT json FROM z_msg ORDER BY id').all()).toEqual(texts)
})
