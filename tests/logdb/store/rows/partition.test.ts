import { join } from 'node:path'
import { expect } from 'vitest'
import { type PackedRows, Rows } from '../../../../logdb/ingest/reading/rows.ts'
import type { LogEntry } from '../../../../logdb/record/entry.ts'
import { Partition } from '../../../../logdb/store/rows/partition.ts'
import { Session } from '../../../../logdb/store/rows/session.ts'
import { loadSqlite } from '../../../../logdb/store/sqlite/open.ts'
import { record } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'

const ENDPOINT = '/v1/chat/completions'
const SERVER = { serverId: 'server', hostname: 'host', env: 'test' }

function packedRow(path: string): PackedRows {
  const rows = new Rows({ serverId: SERVER.serverId, partitionOf: () => path, maxKnownBytes: 1e6 })
  const entry = rows.read(Buffer.from(JSON.stringify(record({ endpoint: ENDPOINT })))) as LogEntry
  rows.add(entry, { offset: 0, length: 100 }, true)
  return rows.take()
}

sqliteTest('a row that the table refuses is an error, and not left out', async () => {
  const path = join(tempFolder(), 'day.sqlite3')
  const partition = new Partition(await loadSqlite(), path, { server: SERVER, isTextIndexed: false })
  try {
    const { groups, bytes } = packedRow(path)
    const [group] = groups
    if (!group) throw new Error('no rows')
    const refused = { ...group, rows: group.rows.map((value) => (value === ENDPOINT ? null : value)) }
    expect(() => partition.write(refused, bytes, new Session(), undefined)).toThrow('NOT NULL constraint failed')
    expect(partition.write(group, bytes, new Session(), undefined).inserted).toBe(1)
  } finally {
    partition.close()
  }
})
