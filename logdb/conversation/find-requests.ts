import { logdbError } from '../error-table.ts'
import { findPartitions, type PartitionFile } from '../store/folder/partition-files.ts'
import { Conversations, conversationsSentIn } from '../store/partition/conversations.ts'
import { openPartition } from '../store/partition/open-partition.ts'
import {
  type RequestDetails,
  readRequests,
  requestIdsFrom,
  requestIdsNamed,
  requestIdsOfDialog,
} from '../store/partition/requests.ts'
import type { Connection, SqliteEngine } from '../store/sqlite/engine.ts'
import { loadSqlite } from '../store/sqlite/open.ts'

/** What may be the beginning of an id. */
const START_OF_ID = /^[0-9a-f]{4,64}$/
const MAX_CANDIDATES = 5
const MAX_READ_AT_ONCE = 50

/** Where a request is. */
interface Place {
  file: PartitionFile
  requestId: string
}

/**
 * Finds a request by its id, by the beginning of its id (4 or more hex digits), or by the x-request-id that the gateway gave it.
 * @param out folder of the log database
 * @throws UserError REQUEST_NOT_FOUND, REQUEST_AMBIGUOUS and those of a database that cannot be read
 * @example
 * const { model_original, latency_ms } = await findRequest('logs/db', '3fa2c9')
 * console.log(`${model_original} took ${latency_ms} ms`)
 */
export async function findRequest(out: string, id: string): Promise<RequestDetails> {
  const engine = await loadSqlite()
  const [details] = readAll(engine, [locate(engine, findPartitions(out, {}), id)])
  if (!details) throw notFound(id)
  return details
}

/**
 * Finds the requests of a dialog by its id, or of a conversation by the id of one of its requests, in the order of time.
 * They are read while the result is iterated.
 * @param out folder of the log database
 * @throws UserError REQUEST_NOT_FOUND, REQUEST_AMBIGUOUS and those of a database that cannot be read
 * @example
 * for (const { timestamp, status_code } of await findDialog('logs/db', 'dlg-4e1ae6d2995f229f')) {
 *   console.log(timestamp, status_code)
 * }
 */
export async function findDialog(out: string, id: string): Promise<Iterable<RequestDetails>> {
  const engine = await loadSqlite()
  const partitions = findPartitions(out, {}).reverse()
  const ofDialog = placesIn(engine, partitions, (db) => requestIdsOfDialog(db, id))
  const places = ofDialog.length > 0 ? ofDialog : placesOfConversation(engine, partitions, id)
  return readAll(engine, places)
}

/** A few at a time; what has been erased meanwhile is left out. */
function* readAll(engine: SqliteEngine, places: Place[]): Generator<RequestDetails> {
  for (let at = 0; at < places.length; ) {
    const { file } = places[at] as Place
    const sameFile = places.slice(at, at + MAX_READ_AT_ONCE).filter((place) => place.file === file)
    const ids = sameFile.map(({ requestId }) => requestId)
    yield* requestsIn(engine, file, ids)
    at += ids.length
  }
}

function requestsIn(engine: SqliteEngine, { path }: PartitionFile, ids: readonly string[]): RequestDetails[] {
  using db = openPartition(engine, path)
  return db ? readRequests(db, ids) : []
}

function locate(engine: SqliteEngine, partitions: PartitionFile[], id: string): Place {
  const byId = START_OF_ID.test(id) ? placesIn(engine, partitions, (db) => requestIdsFrom(db, id, MAX_CANDIDATES)) : []
  const places = byId.length > 0 ? byId : placesIn(engine, partitions, (db) => requestIdsNamed(db, id))
  const [place] = places
  if (!place) throw notFound(id)
  if (places.length > 1) throw ambiguous(id, places)
  return place
}

/** The conversation begins with the shortest one that the request's begins with and that an earlier partition knows. */
function placesOfConversation(engine: SqliteEngine, partitions: PartitionFile[], id: string): Place[] {
  const place = locate(engine, partitions.toReversed(), id)
  const { file, requestId } = place
  const root = rootOf(engine, file, requestId)
  if (!root) return [place]
  const earlier = partitions.slice(0, partitions.indexOf(file))
  const known = conversationsSentIn(engine, earlier, root.beginnings)
  const first = root.beginnings.findIndex((beginning) => known.has(beginning.toString('hex')))
  const messages = first < 0 ? root.messages : root.messages.slice(0, first + 1)
  return placesIn(engine, partitions, (db) => new Conversations(db).requestsFrom(messages))
}

/** The conversation of its partition that a request continues, by the hashes of its beginnings and messages. */
function rootOf(engine: SqliteEngine, { path }: PartitionFile, requestId: string) {
  using db = openPartition(engine, path)
  if (!db) return undefined
  const conversations = new Conversations(db)
  const root = conversations.rootOf(requestId)
  return root && { beginnings: conversations.beginnings(root.tip), messages: conversations.messages(root.tip) }
}

function placesIn(engine: SqliteEngine, partitions: PartitionFile[], idsIn: (db: Connection) => string[]): Place[] {
  return partitions.flatMap((file) => {
    using db = openPartition(engine, file.path)
    const ids = db ? idsIn(db) : []
    return ids.map((requestId) => ({ file, requestId }))
  })
}

function notFound(id: string) {
  const hint =
    'find ids with: logdb search, or logdb query "SELECT request_id, dialog_id FROM requests ORDER BY ts DESC LIMIT 10"'
  return logdbError('REQUEST_NOT_FOUND', `there is no request or dialog ${id}`, hint)
}

function ambiguous(id: string, places: Place[]) {
  const ids = places.slice(0, MAX_CANDIDATES).map(({ requestId }) => requestId)
  return logdbError('REQUEST_AMBIGUOUS', `${id} fits several requests:\n${ids.join('\n')}`, 'give more of the id')
}
