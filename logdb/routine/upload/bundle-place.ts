import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { S3Target } from '../../../kit/backup-copy/copy-settings.ts'
import { type StartedUpload, uploadFile } from '../../../kit/object-store/upload-file.ts'
import { UserError } from '../../../kit/user-error.ts'
import { logdbError } from '../../error-table.ts'
import { requireFreeBytes } from '../../store/folder/free-space.ts'
import { chunksOf } from '../../transfer/chunks.ts'
import { parseDestination, transfer } from '../../transfer/send-files.ts'

/** Where bundles are copied to: a bucket, or a folder here or on another machine as `[user@]host:path`. */
export type BundlePlace = S3Target | { kind: 'folder'; destination: string }

export interface FileToSend {
  path: string
  name: string
  started: StartedUpload | undefined
  onPart: (started: StartedUpload) => void
  signal: AbortSignal | undefined
}

/** For people and for what is kept about a place; it holds no secret. */
export function placeName(place: BundlePlace): string {
  if (place.kind === 'folder') return place.destination
  const { store, prefix } = place
  return `s3://${[store.bucket, prefix].filter(Boolean).join('/')}`
}

/** @throws UserError DISK_FULL if a folder of this machine would have less than this free with the files in it */
export function requireRoomAt(place: BundlePlace, sizeBytes: number, minFreeBytes: number): void {
  if (place.kind === 's3') return
  const { host, path } = parseDestination(place.destination)
  if (host === undefined) requireFreeBytes(presentFolder(path), sizeBytes + minFreeBytes, 'a copy of a bundle')
}

function presentFolder(path: string): string {
  return existsSync(path) ? path : presentFolder(dirname(path))
}

/**
 * Copies a file, and continues a copy that was interrupted. It has its name there only when it is complete, and one that is
 * there with other content stays.
 * @throws UserError TRANSFER_FAILED, REMOTE_UNREACHABLE, DISK_FULL
 */
export async function sendTo(place: BundlePlace, file: FileToSend): Promise<void> {
  if (place.kind === 's3') return sendToStore(place, file)
  const destination = `${place.destination.replace(/\/*$/, '')}/`
  const { path: source, signal } = file
  const [sent] = await transfer({ sources: [source], destination, canAsk: false, mustKeep: true, signal })
  if (sent?.isVerified) return
  throw logdbError('TRANSFER_FAILED', `what arrived at ${destination} is not what was sent`, 'check the disk there')
}

/** Of a file in a bucket. */
export function keyOf({ prefix }: S3Target, name: string): string {
  return prefix === '' ? name : `${prefix}/${name}`
}

async function sendToStore(target: S3Target, { path, name, started, onPart, signal }: FileToSend) {
  const { store } = target
  const key = keyOf(target, name)
  const { sizeBytes, sha256 } = await chunksOf(path)
  const outcome = await uploadFile(store, key, { path, sizeBytes, sha256 }, { started, onPart, signal }).catch(
    (error: unknown) => {
      throw error instanceof UserError ? ofTransfer(error) : error
    },
  )
  if (outcome !== 'different') return
  const hint = 'give each server its own prefix; if the other object is not needed, remove it'
  throw logdbError('TRANSFER_FAILED', `${store.bucket}/${key} is there already, with other content`, hint)
}

function ofTransfer(error: UserError): UserError {
  const code = error.code === 'OBJECT_STORE_UNREACHABLE' ? 'REMOTE_UNREACHABLE' : 'TRANSFER_FAILED'
  return logdbError(code, error.message, error.hint, error)
}
