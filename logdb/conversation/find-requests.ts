import { UserError } from '../../kit/user-error.ts'
import { findPartitions, type PartitionFile } from '../store/folder/partition-files.ts'
import { Conversations } from '../store/partition/conversations.ts'
import { readPartition } from '../store/partition/open-partition.ts'
import {
  type RequestDetails,
  readRequests,
  requestIdsFrom,
  requestIdsNamed,
  requestIdsOfDialog,
} from '../store/partition/requests.ts'
import { type Connection, loadSqlite, type SqliteEngine } from '../store/sqlite/open.ts'
import { knownConversations } from '../verbs/dialogs/prefix.ts'

/** The beginning of an id that is taken for one. */
const START_OF_ID = /^[0-9a-f]{4,64}$/
const MAX_CANDIDATES = 5
const MAX_READ_AT_ONCE = 50

/** Where a request is. */
interface Place {
  file: PartitionFile
  requestId: string
}

/**
 * The request with this id, or the only one whose id begins so, or to which the gateway gave this id. `out`: folder of
 * the log database. @throws UserError REQUEST_NOT_FOUND, REQUEST_AMBIGUOUS
 */
export async function findRequest(out: string, id: string): Promise<RequestDetails> {
  const engine = await loadSqlite()
  const [details] = readAll(engine, [locate(engine, findPartitions(out, {}), id)])
  if (!details) throw notFound(id)
  return details
}

/**
 * The requests of the dialog with this id, or of the conversation that the request with this id belongs to, in the order
 * of time; they are read as they are asked for. @throws UserError as findRequest
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
    yield* readPartition(engine, file.path, (db) => readRequests(db, ids)) ?? []
    at += ids.length
  }
}

function locate(engine: SqliteEngine, partitions: PartitionFile[], id: string): Place {
  const byId = START_OF_ID.test(id) ? placesIn(engine, partitions, (db) => requestIdsFrom(db, id, MAX_CANDIDATES)) : []
  const places = byId.length > 0 ? byId : placesIn(engine, partitions, (db) => requestIdsNamed(db, id))
  const [place] = places
  if (!place) throw notFound(id)
  if (places.length > 1) throw ambiguous(id, places)
  return place
}

/** The conversation goes on from the shortest one that the request's begins with and an earlier partition knows. */
function placesOfConversation(engine: SqliteEngine, partitions: PartitionFile[], id: string): Place[] {
  const place = locate(engine, partitions.toReversed(), id)
  const { file, requestId } = place
  const path = readPartition(engine, file.path, (db) => {
    const conversations = new Conversations(db)
    const root = conversations.rootOf(requestId)
    return root && { beginnings: conversations.beginnings(root.tip), messages: conversations.messages(root.tip) }
  })
  if (!path) return [place]
  const earlier = partitions.slice(0, partitions.indexOf(file))
  const known = knownConversations(engine, earlier, path.beginnings)
  const first = path.beginnings.findIndex((beginning) => known.has(beginning.toString('hex')))
  const messages = first < 0 ? path.messages : path.messages.slice(0, first + 1)
  return placesIn(engine, partitions, (db) => new Conversations(db).requestsFrom(messages))
}

function placesIn(engine: SqliteEngine, partitions: PartitionFile[], idsIn: (db: Connection) => string[]): Place[] {
  return partitions.flatMap((file) => {
    const ids = readPartition(engine, file.path, idsIn) ?? []
    return ids.map((requestId) => ({ file, requestId }))
  })
}

function notFound(id: string): UserError {
  return new UserError('REQUEST_NOT_FOUND', `there is no request or dialog ${id}`, {
    hint: 'find ids with: logdb search, or logdb query "SELECT request_id, dialog_id FROM requests ORDER BY ts DESC LIMIT 10"',
  })
}

function ambiguous(id: string, places: Place[]): UserError {
  const ids = places.slice(0, MAX_CANDIDATES).map(({ requestId }) => requestId)
  return new UserError('REQUEST_AMBIGUOUS', `${id} fits several requests:\n${ids.join('\n')}`, {
    hint: 'give more of the id',
  })
}
