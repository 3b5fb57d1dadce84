import { COST_COLUMNS } from '../rollups/rollups.ts'
import type { Connection } from '../sqlite/engine.ts'
import { lastMigration } from '../sqlite/migrate.ts'
import { chainHash } from './chain-hash.ts'
import { ADDED_COLUMNS, COLUMNS_OF_12, PARTITION_SCHEMA, SENT_CONVERSATIONS, TOKEN_PARTS } from './partition-schema.ts'

/** What a partition lacks that has had the migrations before a number, and those from another one on. */
interface Supply {
  from?: number
  before: number
  sql: string
}

const ZEROS = TOKEN_PARTS.map((name) => `0 AS ${name}`).join(', ')
/** Null: not counted. */
const NO_COSTS = nulls(COST_COLUMNS)

/** SQLite looks for a name in `temp` first. Without figures of hours, the requests themselves are read. */
const SUPPLIES: readonly Supply[] = [
  {
    before: 2,
    sql: `CREATE TEMP TABLE conv (tip INTEGER PRIMARY KEY, h BLOB NOT NULL UNIQUE, conv_root INTEGER NOT NULL);
      INSERT INTO temp.conv (tip, h, conv_root) ${SENT_CONVERSATIONS};`,
  },
  {
    before: 3,
    sql: 'CREATE TEMP TABLE forgotten (request_id TEXT PRIMARY KEY, forgotten_ts INTEGER NOT NULL);',
  },
  {
    before: 7,
    sql: `CREATE TEMP TABLE rollup (
        hour, dimension, name, label, requests, errors, cut, tokens_in, tokens_out, latencies, ${[...TOKEN_PARTS, ...COST_COLUMNS].join(', ')}
      );
      CREATE TEMP VIEW rollup_stale AS SELECT DISTINCT ts / 3600 AS hour FROM main.req;`,
  },
  {
    from: 7,
    before: 8,
    sql: `CREATE TEMP VIEW rollup AS SELECT *, ${ZEROS}, ${NO_COSTS} FROM main.rollup;`,
  },
  {
    from: 8,
    before: 10,
    sql: `CREATE TEMP VIEW rollup AS SELECT *, ${NO_COSTS} FROM main.rollup;
      ${requestsWithout(['cost', ...COLUMNS_OF_12])}`,
  },
  {
    from: 10,
    before: 12,
    sql: requestsWithout(COLUMNS_OF_12),
  },
  {
    before: 8,
    sql: requestsWithout(ADDED_COLUMNS),
  },
  {
    before: 9,
    sql: `CREATE TEMP VIEW message AS SELECT id, json FROM main.msg;
      CREATE TEMP TABLE msg_form (msg INTEGER NOT NULL, text INTEGER NOT NULL);
      CREATE TEMP TABLE msg_piece (msg INTEGER NOT NULL, text INTEGER);`,
  },
  {
    before: 13,
    sql: `CREATE TEMP TABLE req_row (kind INTEGER, sent INTEGER, answered INTEGER);
      CREATE TEMP TABLE req_kind (id INTEGER);
      CREATE TEMP TABLE req_frame (id INTEGER);`,
  },
]

/**
 * Gives a partition of an earlier version what that one lacks, for as long as the connection is open, so that it is read
 * like one of the newest version although its file stays as it is.
 * @throws UserError DATABASE_NEWER
 */
export function supplyMissing(db: Connection): void {
  const last = lastMigration(db, PARTITION_SCHEMA)
  const missing = SUPPLIES.filter(({ from = 0, before }) => last >= from && last < before)
  if (last < 2) db.defineFunction('chain_hash', chainHash)
  for (const { sql } of missing) db.exec(sql)
}

function requestsWithout(columns: readonly string[]): string {
  return ['req', 'request_details']
    .map((name) => `CREATE TEMP VIEW ${name} AS SELECT *, ${nulls(columns)} FROM main.${name};`)
    .join('\n')
}

function nulls(names: readonly string[]): string {
  return names.map((name) => `NULL AS ${name}`).join(', ')
}
