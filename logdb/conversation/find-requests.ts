import { logdbError } from '../error-table.ts'
import { findPartitions, type PartitionFile } from '../store/folder/partition-files.ts'
import { Conversations, conversationsSentIn } from '../store/partition/conversations.ts'
import { openPartition } from '../store/partition/open-partition.ts'
import {
  hasRequest,
  type RequestDetails,
  readRequests,
  requestIdsFrom,
  requestIdsNamed,
  requestIdsOfDialog,
} from '../store/partition/requests.ts'
import { type DamagedPartition, unlessDamaged } from '../store/sqlite/damage.ts'
import type { Connection, SqliteEngine } from '../store/sqlite/engine.ts'
import { loadSqlite } from '../store/sqlite/open.ts'

/** What may be the beginning of an id. */
const START_OF_ID = /^[0-9a-f]{1,64}$/
const WHOLE_ID = /^[0-9a-f]{64}$/
const MAX_CANDIDATES = 5
const MAX_READ_AT_ONCE = 50

/** Where a request is. */
interface Place {
  file: PartitionFile
  requestId: string
}

/**
 * Finds a request by its id, by the x-request-id that the gateway gave it, or by the beginning of its id.
 * @param out folder of the log database
 * @param damaged gets the partitions that could not be searched
 * @throws UserError REQUEST_NOT_FOUND, REQUEST_AMBIGUOUS and those of a database that cannot be read
 * @example
 * const { model_original, latency_ms } = await findRequest('logs/db', '3fa2c9')
 * console.log(`${model_original} took ${latency_ms} ms`)
 */
export async function findRequest(out: string, id: string, damaged: DamagedPartition[] = []): Promise<RequestDetails> {
  const engine = await loadSqlite()
  const lookup = { engine, damaged }
  const [details] = readAll(lookup, [locate(lookup, findPartitions(out, {}), id)])
  if (!details) throw notFound(id)
  return details
}

/**
 * Finds the requests of a dialog by its id, or of a conversation by the id of one of its requests, in the order of time.
 * They are read while the result is iterated.
 * @param out folder of the log database
 * @param damaged gets the partitions that could not be searched
 * @throws UserError REQUEST_NOT_FOUND, REQUEST_AMBIGUOUS and others
 * @example
 * for (const { timestamp, status_code } of await findDialog('logs/db', 'dlg-4e1ae6d2995f229f')) {
 *   console.log(timestamp, status_code)
 * }
 */
export async function findDialog(
  out: string,
  id: string,
  damaged: DamagedPartition[] = [],
): Promise<Iterable<RequestDetails>> {
  const lookup = { engine: await loadSqlite(), damaged }
  const partitions = findPartitions(out, {}).reverse()
  const ofDialog = placesIn(lookup, partitions, (db) => requestIdsOfDialog(db, id))
  const places = ofDialog.length > 0 ? ofDialog : placesOfConversation(lookup, partitions, id)
  return readAll(lookup, places)
}

/** What partitions are read with, and those that are damaged. */
interface Lookup {
  engine: SqliteEngine
  damaged: DamagedPartition[]
}

/** A few at a time; what has been erased meanwhile is left out. */
function* readAll(lookup: Lookup, places: Place[]): Generator<RequestDetails> {
  for (let at = 0; at < places.length; ) {
    const { file } = places[at] as Place
    const sameFile = places.slice(at, at + MAX_READ_AT_ONCE).filter((place) => place.file === file)
    const ids = sameFile.map(({ requestId }) => requestId)
    yield* requestsIn(lookup, file, ids)
    at += ids.length
  }
}

function requestsIn(lookup: Lookup, { path }: PartitionFile, ids: readonly string[]): RequestDetails[] {
  return readIn(lookup, path, (db) => readRequests(db, ids)) ?? []
}

/** Undefined for a database that is not a partition, or a damaged one. */
function readIn<T>({ engine, damaged }: Lookup, path: string, read: (db: Connection) => T): T | undefined {
  return unlessDamaged(damaged, path, () => {
    using db = openPartition(engine, path)
    return db && read(db)
  })
}

/** The place of a request with this whole id, in the first partition that has it. */
function placeOfWhole(lookup: Lookup, partitions: PartitionFile[], id: string): Place | undefined {
  if (!WHOLE_ID.test(id)) return undefined
  const file = partitions.find(({ path }) => readIn(lookup, path, (db) => hasRequest(db, id)))
  return file && { file, requestId: id }
}

/** A whole id comes before the beginning of another one. */
function locate(lookup: Lookup, partitions: PartitionFile[], id: string): Place {
  const whole = placeOfWhole(lookup, partitions, id)
  if (whole) return whole
  const named = placesIn(lookup, partitions, (db) => requestIdsNamed(db, id))
  const mayBegin = named.length === 0 && START_OF_ID.test(id)
  const begun = mayBegin ? placesIn(lookup, partitions, (db) => requestIdsFrom(db, id, MAX_CANDIDATES)) : []
  const places = [...named, ...begun]
  const [place] = places
  if (!place) throw notFound(id, lookup.damaged)
  if (places.length > 1) throw ambiguous(id, places)
  return place
}

/** The conversation begins with the shortest one that the request's begins with and that an earlier partition knows. */
function placesOfConversation(lookup: Lookup, partitions: PartitionFile[], id: string): Place[] {
  const place = locate(lookup, partitions.toReversed(), id)
  const { file, requestId } = place
  const root = readIn(lookup, file.path, (db) => rootOf(db, requestId))
  if (!root) return [place]
  const earlier = partitions.slice(0, partitions.indexOf(file))
  const known = conversationsSentIn(lookup.engine, earlier, root.beginnings, lookup.damaged)
  const first = root.beginnings.findIndex((beginning) => known.has(beginning.toString('hex')))
  const messages = first < 0 ? root.messages : root.messages.slice(0, first + 1)
  return placesIn(lookup, partitions, (db) => new Conversations(db).requestsFrom(messages))
}

/** The conversation of its partition that a request continues, by the hashes of its beginnings and messages. */
function rootOf(db: Connection, requestId: string) {
  const conversations = new Conversations(db)
  const root = conversations.rootOf(requestId)
  return root && { beginnings: conversations.beginnings(root.tip), messages: conversations.messages(root.tip) }
}

function placesIn(lookup: Lookup, partitions: PartitionFile[], idsIn: (db: Connection) => string[]): Place[] {
  return partitions.flatMap((file) => {
    const ids = readIn(lookup, file.path, idsIn) ?? []
    return ids.map((requestId) => ({ file, requestId }))
  })
}

function notFound(id: string, damaged: readonly DamagedPartition[] = []) {
  const hint =
    'find ids with: logdb search, or logdb query "SELECT request_id, dialog_id FROM requests ORDER BY ts DESC LIMIT 10"'
  const left = damaged.map(({ path }) => `\n${path}`).join('')
  const where = left === '' ? '' : `; these partitions are damaged and were not searched:${left}`
  return logdbError('REQUEST_NOT_FOUND', `there is no request or dialog ${id}${where}`, hint)
}

function ambiguous(id: string, places: Place[]) {
  const ids = places.slice(0, MAX_CANDIDATES).map(({ requestId }) => requestId)
  return logdbError('REQUEST_AMBIGUOUS', `${id} fits several requests:\n${ids.join('\n')}`, 'give more of the id')
}
