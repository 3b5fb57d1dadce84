import { COST_COLUMNS } from '../../rollups/rollups.ts'
import type { Connection } from '../../sqlite/engine.ts'
import { lastMigration } from '../../sqlite/migrate.ts'
import { INNER_PREFIX, INNER_TABLES, INNER_VIEWS, unprefixedNames } from '../../tables/inner-names.ts'
import { chainHash } from '../chain-hash.ts'
import { PARTITION_SCHEMA, SENT_CONVERSATIONS } from './partition-schema.ts'
import { ADDED_COLUMNS, COLUMNS_OF_12, TOKEN_PARTS } from './partition-views.ts'

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
    sql: `CREATE TEMP TABLE z_conv (tip INTEGER PRIMARY KEY, h BLOB NOT NULL UNIQUE, conv_root INTEGER NOT NULL);
      INSERT INTO temp.z_conv (tip, h, conv_root) ${SENT_CONVERSATIONS};`,
  },
  {
    before: 3,
    sql: 'CREATE TEMP TABLE z_forgotten (request_id TEXT PRIMARY KEY, forgotten_ts INTEGER NOT NULL);',
  },
  {
    before: 7,
    sql: `CREATE TEMP TABLE z_rollup (
        hour, dimension, name, label, requests, errors, cut, tokens_in, tokens_out, latencies, ${[...TOKEN_PARTS, ...COST_COLUMNS].join(', ')}
      );
      CREATE TEMP VIEW z_rollup_stale AS SELECT DISTINCT ts / 3600 AS hour FROM main.req;`,
  },
  {
    from: 7,
    before: 8,
    sql: `CREATE TEMP VIEW z_rollup AS SELECT *, ${ZEROS}, ${NO_COSTS} FROM main.rollup;`,
  },
  {
    from: 8,
    before: 10,
    sql: `CREATE TEMP VIEW z_rollup AS SELECT *, ${NO_COSTS} FROM main.rollup;
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
      CREATE TEMP TABLE z_msg_form (msg INTEGER NOT NULL, text INTEGER NOT NULL);
      CREATE TEMP TABLE z_msg_piece (msg INTEGER NOT NULL, text INTEGER);`,
  },
  {
    before: 13,
    sql: `CREATE TEMP TABLE z_req_row (kind INTEGER, sent INTEGER, answered INTEGER);
      CREATE TEMP TABLE z_req_kind (id INTEGER);
      CREATE TEMP TABLE z_req_frame (id INTEGER);`,
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
  supplyInnerNames(db)
}

/** Before migration 15 inner tables are called as they are here, and what stands for one above has its new name. */
function supplyInnerNames(db: Connection): void {
  for (const name of unprefixedNames(db)) {
    db.exec(`CREATE TEMP VIEW IF NOT EXISTS ${INNER_PREFIX}${name} AS SELECT * FROM main.${name}`)
  }
}

/** Gives inner tables the names that they had before migration 15 too, for statements that people have kept. */
export function supplyEarlierNames(db: Connection): void {
  for (const name of [...INNER_TABLES, ...INNER_VIEWS]) {
    db.exec(`CREATE TEMP VIEW IF NOT EXISTS ${name} AS SELECT * FROM ${INNER_PREFIX}${name}`)
  }
}

function requestsWithout(columns: readonly string[]): string {
  return [
    ['z_req', 'req'],
    ['request_details', 'request_details'],
  ]
    .map(([name, source]) => `CREATE TEMP VIEW ${name} AS SELECT *, ${nulls(columns)} FROM main.${source};`)
    .join('\n')
}

function nulls(names: readonly string[]): string {
  return names.map((name) => `NULL AS ${name}`).join(', ')
}
