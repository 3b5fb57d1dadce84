/** What many requests have in common, with its type. */
export const KIND_TYPES: Record<string, string> = {
  server_id: 'TEXT NOT NULL',
  endpoint: 'TEXT NOT NULL',
  model_original: 'TEXT',
  model_mapped: 'TEXT',
  status_code: 'INTEGER',
  api_key_hash: 'TEXT',
  method: 'TEXT',
  provider: 'TEXT',
  stream: 'INTEGER',
  outcome: 'TEXT',
  finish_reason: 'TEXT',
  release: 'TEXT',
  api_key_name: 'TEXT',
  dialog_source: 'TEXT',
}
/** As they stand in CREATE TABLE. */
export const definitions = (types: Record<string, string>) =>
  Object.entries(types)
    .map(([name, type]) => `${name} ${type}`)
    .join(', ')

/** Columns of `z_req_kind`. */
export const KIND_COLUMNS: readonly string[] = Object.keys(KIND_TYPES)

/** Columns of `z_req_row` that hold what the view `z_req` shows, with their types. */
export const PLAIN_TYPES: Record<string, string> = {
  ts: 'INTEGER NOT NULL',
  tip: 'INTEGER',
  resp_msg: 'INTEGER',
  dialog_id: 'TEXT',
  x_dialog_id: 'TEXT',
  x_request_id: 'TEXT',
  trace_id: 'TEXT',
  bytes_in: 'INTEGER',
  bytes_out: 'INTEGER',
  tokens_in: 'INTEGER',
  tokens_out: 'INTEGER',
  tokens_cache_read: 'INTEGER',
  tokens_cache_write_5m: 'INTEGER',
  tokens_cache_write_1h: 'INTEGER',
  tokens_reasoning: 'INTEGER',
  retries: 'INTEGER',
  cost: 'REAL',
  texts: 'INTEGER NOT NULL',
  src: 'INTEGER',
  src_off: 'INTEGER',
  src_len: 'INTEGER',
}
export const PLAIN_COLUMNS: readonly string[] = Object.keys(PLAIN_TYPES)
export const DURATIONS = ['latency', 'ttfb', 'overhead', 'dispatched']
export const US_PER_S = 1_000_000

/** As the gateway writes a time. */
export const timeText = (ts: string, us: string) =>
  `strftime('%Y-%m-%dT%H:%M:%S', ${ts}, 'unixepoch') || printf('.%06dZ', ${us})`

const HEX_ID = "length(request_id) = 64 AND request_id NOT GLOB '*[^0-9a-f]*'"
const isWhole = (name: string) => `abs(${name}_ms) < 1e12 AND round(${name}_ms * 1000) / 1000 = ${name}_ms`

/** Columns of `z_req_row`, but its numbers of other tables, with how they follow from those of the view `z_req`. */
export const ENCODED: Readonly<Record<string, string>> = {
  id: 'id',
  request_id: `CASE WHEN ${HEX_ID} THEN unhex(request_id) END`,
  other_id: `CASE WHEN NOT (${HEX_ID}) THEN request_id END`,
  us: `ts_us - ts * ${US_PER_S}`,
  timestamp: `CASE timestamp WHEN ${timeText('ts', `ts_us - ts * ${US_PER_S}`)} THEN '' ELSE timestamp END`,
  ...Object.fromEntries(
    DURATIONS.flatMap((name) => [
      [`${name}_us`, `CASE WHEN ${isWhole(name)} THEN CAST(round(${name}_ms * 1000) AS INTEGER) END`],
      [`${name}_ms`, `CASE WHEN NOT (${isWhole(name)}) THEN ${name}_ms END`],
    ]),
  ),
  ...Object.fromEntries(PLAIN_COLUMNS.map((name) => [name, name])),
}

/** Columns of the view `req` that these follow from. */
export const DECODED_COLUMNS: readonly string[] = [
  'id',
  'request_id',
  'ts_us',
  'timestamp',
  ...DURATIONS.map((name) => `${name}_ms`),
  ...PLAIN_COLUMNS,
]
