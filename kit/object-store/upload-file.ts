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
  /** What an earlier call gave to `onPart`, if the file is still the same. */
  started?: StartedUpload | undefined
  /** Called when the store has a part; what it gets must be kept for the next call. */
  onPart?: ((started: StartedUpload, doneBytes: number) => void) | undefined
  signal?: AbortSignal | undefined
  /** Size of the parts of a large file, in bytes; S3 takes none below 5 MiB. */
  partBytes?: number | undefined
}

const PART_BYTES = 16 * BYTES_PER_MIB
/** S3 takes 10,000 parts. */
const MOST_PARTS = 9000
const SHA256 = 'x-amz-meta-sha256'

/**
 * Stores a file, and continues where an earlier call was interrupted. The object appears complete or not at all, and has the
 * SHA-256 of the file with it.
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
  const present = await presentAt(requests, key)
  if (present) return present.sha256 === file.sha256 ? 'present' : 'different'
  const partBytes = Math.max(options.partBytes ?? PART_BYTES, Math.ceil(file.sizeBytes / MOST_PARTS))
  if (file.sizeBytes > partBytes) await uploadInParts(requests, key, file, { ...options, partBytes })
  else await uploadWhole(requests, key, file, options)
  const stored = await presentAt(requests, key)
  if (!stored || stored.sizeBytes === file.sizeBytes) return 'stored'
  const message = `${file.sizeBytes} bytes of ${key} were sent, but the store has ${stored.sizeBytes}`
  throw failure('OBJECT_STORE_FAILED', message, `remove ${key} there, and run again`)
}

/** What the store has under a key; undefined if nothing, or if this user may only write. */
async function presentAt(requests: ObjectRequests, key: string) {
  try {
    const { headers } = await requests.send({ method: 'HEAD', key, what: `look at ${key}` })
    return { sha256: headers.get(SHA256), sizeBytes: Number(headers.get('content-length')) }
  } catch (error) {
    if (hasErrorCode(error, 'OBJECT_STORE_MISSING') || hasErrorCode(error, 'OBJECT_STORE_DENIED')) return undefined
    throw error
  }
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

async function uploadInParts(
  requests: ObjectRequests,
  key: string,
  file: UploadedFile,
  { started, onPart, signal, partBytes }: UploadOptions & { partBytes: number },
): Promise<void> {
  const { path, sizeBytes, sha256 } = file
  const target = { key, signal, headers: { [SHA256]: sha256 } }
  const canContinue = started?.sha256 === sha256 && started.partBytes === partBytes
  const upload = canContinue ? new MultipartUpload(requests, target, started.id) : await beginUpload(requests, target)
  const tags = canContinue ? [...started.tags] : []
  try {
    for (let at = tags.length * partBytes; at < sizeBytes; at += partBytes) {
      const body = await partOf(path, at, Math.min(partBytes, sizeBytes - at))
      tags.push(await upload.putPart(tags.length + 1, body))
      onPart?.({ id: upload.id, partBytes, sha256, tags }, at + body.length)
    }
    await upload.complete(tags)
  } catch (error) {
    // The store has removed what was begun, as many do after some days.
    const isGone = hasErrorCode(error, 'OBJECT_STORE_MISSING') || hasErrorCode(error, 'OBJECT_STORE_FAILED')
    if (!canContinue || !isGone) throw error
    await uploadInParts(requests, key, file, { onPart, signal, partBytes })
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
