import { open } from 'node:fs/promises'
import { BYTES_PER_MIB } from '../sizes.ts'
import { hasErrorCode } from '../user-error.ts'
import { failure } from './failures.ts'
import { beginUpload, MultipartUpload } from './multipart.ts'
import { ObjectRequests, type ObjectStoreSettings } from './requests.ts'

/** What is known about an upload that was interrupted; plain JSON. */
export interface StartedUpload {
  id: string
  partBytes: number
  /** Of the file, as hex. */
  sha256: string
  /** The store's tags of the parts that it has. */
  tags: string[]
}

export interface UploadedFile {
  path: string
  sizeBytes: number
  /** As hex. */
  sha256: string
}

export interface UploadOptions {
  /** What an earlier call gave to `onPart`. If the file is another one now, its parts are removed. */
  started?: StartedUpload | undefined
  /** Called before the first part, and when the store has a part; what it gets must be kept for the next call. */
  onPart?: ((started: StartedUpload, doneBytes: number) => void) | undefined
  signal?: AbortSignal | undefined
  /** Replace what the store has under this key. */
  mayReplace?: boolean | undefined
  /** Size of the parts of a large file, in bytes; S3 takes none below 5 MiB. */
  partBytes?: number | undefined
}

const PART_BYTES = 16 * BYTES_PER_MIB
/** S3 takes 10,000 parts. */
const MOST_PARTS = 9000
const SHA256 = 'x-amz-meta-sha256'

/**
 * Stores a file, and continues where an earlier call was interrupted. The object appears complete or not at all, and has the
 * SHA-256 of the file with it. No part stays in the store that no object needs.
 * @returns 'present' if the store has it already, 'different' if it has something else under this key, which stays
 * @throws UserError OBJECT_STORE_*, FILE errors of Node
 */
export async function uploadFile(
  settings: ObjectStoreSettings,
  key: string,
  file: UploadedFile,
  options: UploadOptions = {},
): Promise<'stored' | 'present' | 'different'> {
  const requests = new ObjectRequests(settings)
  const partBytes = Math.max(options.partBytes ?? PART_BYTES, Math.ceil(file.sizeBytes / MOST_PARTS))
  const present = foundOf(await presentAt(requests, key), file)
  const found = present === 'different' && options.mayReplace ? 'nothing' : present
  const started = found === 'nothing' ? continuable(file, partBytes, options.started) : undefined
  if (options.started && !started) await removeUpload(requests, key, options.started.id)
  if (found !== 'nothing') return found
  if (file.sizeBytes > partBytes) await uploadInParts(requests, key, file, { ...options, started, partBytes })
  else await uploadWhole(requests, key, file, options)
  const stored = await presentAt(requests, key)
  if (!stored || stored.sizeBytes === file.sizeBytes) return 'stored'
  const message = `${file.sizeBytes} bytes of ${key} were sent, but the store has ${stored.sizeBytes}`
  throw failure('OBJECT_STORE_FAILED', message, `remove ${key} there, and run again`)
}

interface Present {
  sha256: string | null
  sizeBytes: number
}

/** What the store has under a key; undefined if nothing, or if this user may only write. */
async function presentAt(requests: ObjectRequests, key: string): Promise<Present | undefined> {
  try {
    const { headers } = await requests.send({ method: 'HEAD', key, what: `look at ${key}` })
    return { sha256: headers.get(SHA256), sizeBytes: Number(headers.get('content-length')) }
  } catch (error) {
    if (hasErrorCode(error, 'OBJECT_STORE_MISSING') || hasErrorCode(error, 'OBJECT_STORE_DENIED')) return undefined
    throw error
  }
}

/**
 * An object of parts gets its SHA-256 before it gets its content, and some stores show it before it is whole: half an object is
 * as good as nothing, and is replaced.
 */
function foundOf(
  present: Present | undefined,
  { sha256, sizeBytes }: UploadedFile,
): 'present' | 'different' | 'nothing' {
  if (!present) return 'nothing'
  if (present.sha256 !== sha256) return 'different'
  return present.sizeBytes === sizeBytes ? 'present' : 'nothing'
}

function continuable(file: UploadedFile, partBytes: number, started?: StartedUpload): StartedUpload | undefined {
  return started?.sha256 === file.sha256 && started.partBytes === partBytes ? started : undefined
}

/** One that is gone is fine, and one that this user may not remove does not keep a file from being stored. */
async function removeUpload(requests: ObjectRequests, key: string, id: string): Promise<void> {
  await new MultipartUpload(requests, { key }, id).remove().catch((error: unknown) => {
    if (hasErrorCode(error, 'OBJECT_STORE_UNREACHABLE')) throw error
  })
}

async function uploadWhole(
  requests: ObjectRequests,
  key: string,
  { path, sizeBytes, sha256 }: UploadedFile,
  { signal }: UploadOptions,
): Promise<void> {
  const body = await partOf(path, 0, sizeBytes)
  await requests.send({ method: 'PUT', key, body, headers: { [SHA256]: sha256 }, signal, what: `store ${key}` })
}

type PartsOptions = UploadOptions & { partBytes: number }

async function uploadInParts(
  requests: ObjectRequests,
  key: string,
  file: UploadedFile,
  options: PartsOptions,
): Promise<void> {
  const { started, partBytes, signal, onPart } = options
  const target = { key, signal, headers: { [SHA256]: file.sha256 } }
  const upload = started ? new MultipartUpload(requests, target, started.id) : await beginUpload(requests, target)
  const tags = started ? [...started.tags] : []
  // From here on a killed run can be continued, and its parts can be removed.
  if (!started) onPart?.({ id: upload.id, partBytes, sha256: file.sha256, tags }, 0)
  try {
    await sendParts(upload, file, options, tags)
    await upload.complete(tags)
  } catch (error) {
    // The store has removed what was begun, as many do after some days, or has not answered that it is complete.
    const isGone = hasErrorCode(error, 'OBJECT_STORE_MISSING') || hasErrorCode(error, 'OBJECT_STORE_FAILED')
    if (!isGone) throw error
    if (foundOf(await presentAt(requests, key), file) === 'present') return
    if (!started) throw error
    await removeUpload(requests, key, upload.id)
    await uploadInParts(requests, key, file, { ...options, started: undefined })
  }
}

/** Sends the parts that the store does not have yet. @param tags gets those of the others */
async function sendParts(
  upload: MultipartUpload,
  { path, sizeBytes, sha256 }: UploadedFile,
  { partBytes, onPart }: PartsOptions,
  tags: string[],
): Promise<void> {
  for (let at = tags.length * partBytes; at < sizeBytes; at += partBytes) {
    const body = await partOf(path, at, Math.min(partBytes, sizeBytes - at))
    tags.push(await upload.putPart(tags.length + 1, body))
    onPart?.({ id: upload.id, partBytes, sha256, tags }, at + body.length)
  }
}

async function partOf(path: string, at: number, bytes: number): Promise<Buffer> {
  await using file = await open(path)
  const part = Buffer.alloc(bytes)
  let filled = 0
  while (filled < bytes) {
    const { bytesRead } = await file.read(part, filled, bytes - filled, at + filled)
    if (bytesRead === 0) throw new Error(`${path} became shorter while it was sent`)
    filled += bytesRead
  }
  return part
}
