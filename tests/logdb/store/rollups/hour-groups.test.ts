import { expect } from 'vitest'
import { PARTITION_SCHEMA } from '../../../../logdb/store/partition/schema/partition-schema.ts'
import { type Group, groupReader } from '../../../../logdb/store/rollups/hour-groups.ts'
import { DIMENSIONS, groupsOf, requestFigures } from '../../../../logdb/store/rollups/request-figures.ts'
import { refreshRollups, wrongHours } from '../../../../logdb/store/rollups/rollups.ts'
import { Tally } from '../../../../logdb/store/rollups/tally.ts'
import type { Connection } from '../../../../logdb/store/sqlite/engine.ts'
import { openMigrated } from '../../../../logdb/store/sqlite/migrate.ts'
import { loadSqlite } from '../../../../logdb/store/sqlite/open.ts'
import { Dictionary, type SharedValue } from '../../../../logdb/store/tables/dictionary.ts'
import { KIND_COLUMNS } from '../../../../logdb/store/tables/request-columns.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { type Random, seededRandom } from '../../../helpers/random.ts'

const COLUMNS = [
  'ts',
  'model_original',
  'model_mapped',
  'api_key_hash',
  'api_key_name',
  'provider',
  'endpoint',
  'outcome',
  'status_code',
  'latency_ms',
  'tokens_in',
  'tokens_out',
  'tokens_cache_read',
  'tokens_cache_write_5m',
  'tokens_cache_write_1h',
  'tokens_reasoning',
]
const OUTCOMES = ['ok', 'client_aborted', 'upstream_error', 'upstream_truncated', 'rejected', null]
const TIMES = { sinceS: 1000, toS: 1999 }

/** Few values of everything, so that groups are large, requests have the same second, and keys have several names. */
function randomRow(random: Random): unknown[] {
  const some = (values: readonly unknown[]) => values[random.below(values.length)]
  const tokens = () => some([null, 0, random.below(1e6), 2 ** 40])
  return [
    900 + random.below(1200),
    some(['a', 'b', null]),
    some(['b', 'ü', null]),
    some(['key', 'other', null]),
    some(['first', 'second', null]),
    some(['openai', null]),
    some(['/v1/chat/completions', '/v1/messages']),
    some(OUTCOMES),
    some([null, 200, 399, 400, 502]),
    some([null, -1, random.below(1e6) / 7]),
    ...Array.from({ length: 6 }, tokens),
  ]
}

function fill(db: Connection, rows: number, random: Random): void {
  const own = COLUMNS.filter((name) => !KIND_COLUMNS.includes(name))
  const names = [...own, 'kind', 'other_id', 'sent', 'answered', 'texts']
  const insert = db.prepare<[unknown[]]>(
    `INSERT INTO z_req_row (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
  )
  const dictionary = new Dictionary(db)
  const frame = dictionary.frame('', '')
  for (let id = 0; id < rows; id++) {
    const row = randomRow(random)
    const given = (name: string) => row[COLUMNS.indexOf(name)]
    const kind = dictionary.kind(
      KIND_COLUMNS.map((name) => (name === 'server_id' ? '' : (given(name) ?? null))) as SharedValue[],
    )
    insert.run([...own.map(given), kind, `r${id}`, frame, frame, 0])
  }
}

/** Request by request. */
function countedOneByOne(db: Connection): Group[] {
  const groups = new Map<string, Group>()
  for (const figures of requestFigures(db, TIMES)) {
    const [, , , keyName] = figures
    const names = groupsOf(figures)
    for (const dimension of DIMENSIONS) {
      const name = names[dimension]
      const id = JSON.stringify([dimension, name])
      const group = groups.get(id) ?? { dimension, name, label: null, tally: new Tally() }
      groups.set(id, group)
      if (dimension === 'key' && keyName !== null) group.label = keyName
      group.tally.add(figures)
    }
  }
  return [...groups.values()]
}

const textsOf = (groups: Group[]) => {
  return groups.map(({ tally, ...group }) => JSON.stringify({ ...group, ...tally.stored() })).sort()
}

sqliteTest('SQLite counts groups as if requests were counted one by one', async () => {
  const engine = await loadSqlite()
  for (const rows of [0, 1, 20, 60, 1000]) {
    using db = openMigrated(engine, ':memory:', PARTITION_SCHEMA)
    fill(db, rows, seededRandom(rows))
    const groups = textsOf(groupReader(db)(TIMES))
    expect(groups).toEqual(textsOf(countedOneByOne(db)))
    expect(groups.length).toBeGreaterThanOrEqual(rows > 1 ? DIMENSIONS.length : 0)
  }
})

sqliteTest(
  'latencies that an earlier version stored as they came are as good as sorted ones, and others are wrong',
  async () => {
    const engine = await loadSqlite()
    using db = openMigrated(engine, ':memory:', PARTITION_SCHEMA)
    fill(db, 20, seededRandom(20))
    db.inTransaction(() => refreshRollups(db))
    expect(wrongHours(db)).toEqual([])
    const change = (latencies: (stored: Buffer) => Buffer) => {
      const read = db.prepare<[], { id: number; stored: Buffer }>(
        "SELECT rowid AS id, latencies AS stored FROM z_rollup WHERE dimension = 'all' AND length(latencies) > 17",
      )
      const write = db.prepare<[Buffer, number]>('UPDATE z_rollup SET latencies = ? WHERE rowid = ?')
      const rows = read.all()
      for (const { id, stored } of rows) write.run(latencies(stored), id)
      return rows.length
    }
    // The first byte says what follows: numbers of eight bytes.
    const count = change((stored) => {
      const values = Array.from({ length: (stored.length - 1) / 8 }, (_, index) => stored.readDoubleLE(1 + index * 8))
      const reversed = Buffer.from(new Float64Array(values.reverse()).buffer)
      return Buffer.concat([stored.subarray(0, 1), reversed])
    })
    expect([count > 0, wrongHours(db)]).toEqual([true, []])
    change((stored) => Buffer.concat([stored.subarray(0, 1), Buffer.alloc(stored.length - 1)]))
    expect(wrongHours(db)).toHaveLength(count)
  },
)
