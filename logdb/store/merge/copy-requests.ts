import type { Connection } from '../sqlite/engine.ts'
import { Dictionary, type SharedValue } from '../tables/dictionary.ts'
import { DURATIONS, ENCODED, KIND_COLUMNS, PLAIN_COLUMNS } from '../tables/request-columns.ts'

const [, ...OTHER_KIND_COLUMNS] = KIND_COLUMNS

/** Each kind of request in the source, with the server that it gets, and each frame; with their numbers here. */
const SHARED = `
CREATE TEMP TABLE kinds (id INTEGER NOT NULL, server_id TEXT NOT NULL, here INTEGER NOT NULL, PRIMARY KEY (id, server_id));
CREATE TEMP TABLE frames (id INTEGER PRIMARY KEY, here INTEGER NOT NULL);
`
const KINDS_OF_ADDED = `
  SELECT DISTINCT k.id, n.server_id, ${OTHER_KIND_COLUMNS.map((name) => `k.${name}`).join(', ')}
  FROM temp.added a JOIN temp.named n ON n.id = a.id JOIN source.z_req_row s ON s.id = a.id
    JOIN source.z_req_kind k ON k.id = s.kind`
const FRAMES_OF_ADDED = `
  SELECT id FROM source.z_req_frame WHERE id IN (
    SELECT sent FROM source.z_req_row JOIN temp.added USING (id) UNION SELECT answered FROM source.z_req_row JOIN temp.added USING (id)
  ) ORDER BY id`

/** Copies the requests of `added`, whose messages and conversations are here already. */
export function insertRequests(db: Connection): void {
  copyShared(db)
  db.exec(INSERT_REQUESTS)
  db.exec('DROP TABLE temp.kinds; DROP TABLE temp.frames')
}

function copyShared(db: Connection): void {
  db.exec(SHARED)
  const dictionary = new Dictionary(db)
  const noteKind = db.prepare<[number, SharedValue, number]>('INSERT INTO temp.kinds VALUES (?, ?, ?)')
  for (const [id, ...values] of db.prepareTuple<[], [number, ...SharedValue[]]>(KINDS_OF_ADDED).all()) {
    noteKind.run(id, values[0] ?? null, dictionary.kind(values))
  }
  const frame = db.prepare<[number], { head: string; tail: string }>(
    'SELECT head, tail FROM source.z_req_frame WHERE id = ?',
  )
  const noteFrame = db.prepare<[number, number]>('INSERT INTO temp.frames VALUES (?, ?)')
  for (const id of db.prepareValue<[], number>(FRAMES_OF_ADDED).all()) {
    const found = frame.get(id)
    if (found) noteFrame.run(id, dictionary.frame(found.head, found.tail))
  }
}

/** What is not the same in another partition. */
const OWN_VALUES: Record<string, string> = {
  id: 'a.row',
  request_id: ENCODED['request_id']?.replaceAll('request_id', 'n.request_id') ?? '',
  other_id: ENCODED['other_id']?.replaceAll('request_id', 'n.request_id') ?? '',
  tip: 'nodes.here',
  resp_msg: 'said.msg',
  src: 'here.source_id',
}
const INSERT_REQUESTS = `
  INSERT INTO main.z_req_row (kind, sent, answered, head_values, tail_values, ${Object.keys(ENCODED).join(', ')})
    SELECT k.here, sent.here, answered.here, s.head_values, s.tail_values,
      ${Object.keys(ENCODED)
        .map((name) => OWN_VALUES[name] ?? `s.${name}`)
        .join(', ')}
    FROM temp.added a JOIN temp.named n ON n.id = a.id JOIN source.z_req_row s ON s.id = a.id
      JOIN temp.kinds k ON k.id = s.kind AND k.server_id = n.server_id
      JOIN temp.frames sent ON sent.id = s.sent JOIN temp.frames answered ON answered.id = s.answered
      LEFT JOIN temp.nodes ON nodes.id = s.tip LEFT JOIN temp.said ON said.id = s.resp_msg
      LEFT JOIN source.z_ingest_marks there ON there.source_id = s.src
      LEFT JOIN main.z_ingest_marks here ON here.source_key = there.source_key
    ORDER BY a.row`

/** A request that was there already gets what was not known of it, as the predecessor's rows have no exact time. */
export function completeRequests(db: Connection): void {
  db.exec(COMPLETE)
  completeKinds(db)
}

/** Each list is of values that are known together. */
const COMPLETED = [
  ...['us', 'timestamp', ...PLAIN_COLUMNS]
    .filter((name) => !(name in OWN_VALUES) && name !== 'ts' && name !== 'texts')
    .map((name) => [name]),
  ...DURATIONS.map((name) => [`${name}_us`, `${name}_ms`]),
]
const isNull = (table: string, names: readonly string[]) =>
  `(${names.map((name) => `${table}.${name} IS NULL`).join(' AND ')})`
const SET = COMPLETED.flatMap((names) => {
  return names.map((name) => `${name} = CASE WHEN ${isNull('d', names)} THEN s.${name} ELSE d.${name} END`)
})
const IS_INCOMPLETE = COMPLETED.map((names) => `(${isNull('d', names)} AND NOT ${isNull('s', names)})`).join(' OR ')
const KNOWN = `
  temp.named n JOIN source.z_req_row s ON s.id = n.id JOIN main.z_req known ON known.request_id = n.request_id`
const COMPLETE = `
  UPDATE main.z_req_row AS d SET ${SET.join(', ')} FROM ${KNOWN}
    WHERE d.id = known.id AND n.id NOT IN (SELECT id FROM temp.added) AND (${IS_INCOMPLETE})`

const COMPLETED_KINDS = `
  SELECT DISTINCT d.kind, s.kind, h.server_id, ${OTHER_KIND_COLUMNS.map((name) => `COALESCE(h.${name}, t.${name})`).join(', ')}
  FROM ${KNOWN} JOIN main.z_req_row d ON d.id = known.id JOIN main.z_req_kind h ON h.id = d.kind JOIN source.z_req_kind t ON t.id = s.kind
  WHERE n.id NOT IN (SELECT id FROM temp.added)
    AND (${OTHER_KIND_COLUMNS.map((name) => `(h.${name} IS NULL AND t.${name} IS NOT NULL)`).join(' OR ')})`
const SET_KIND = `
  UPDATE main.z_req_row AS d SET kind = ? FROM ${KNOWN}
    WHERE d.id = known.id AND d.kind = ? AND s.kind = ? AND n.id NOT IN (SELECT id FROM temp.added)`

function completeKinds(db: Connection): void {
  const dictionary = new Dictionary(db)
  const set = db.prepare<[number, number, number]>(SET_KIND)
  const found = db.prepareTuple<[], [number, number, ...SharedValue[]]>(COMPLETED_KINDS).all()
  for (const [here, there, ...values] of found) set.run(dictionary.kind(values), here, there)
}
