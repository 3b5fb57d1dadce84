import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { describeTarget, type S3Target, type SshTarget } from '../../../kit/backup-copy/copy-settings.ts'
import { type StartedUpload, uploadFile } from '../../../kit/object-store/upload-file.ts'
import { UserError } from '../../../kit/user-error.ts'
import { logdbError } from '../../error-table.ts'
import { requireFreeBytes } from '../../store/folder/free-space.ts'
import { chunksOf } from '../../transfer/chunks.ts'
import { PinnedMachine } from '../../transfer/pinned-machine.ts'
import { parseDestination, type SendOptions, sendFiles, transfer } from '../../transfer/send-files.ts'

/**
 * Where bundles are copied to: a bucket; a folder of another machine, with the key for it; or a folder here or on a machine that
 * the system's `ssh` reaches, as `[user@]host:path`.
 */
export type BundlePlace = S3Target | SshPlace | { kind: 'folder'; destination: string }

type SshPlace = SshTarget & { privateKey: Buffer }

export interface FileToSend {
  path: string
  name: string
  /** Replace what is there with other content. */
  mayReplace: boolean
  started: StartedUpload | undefined
  onPart: (started: StartedUpload) => void
  signal: AbortSignal | undefined
}

/** For people and for what is kept about a place; it holds no secret. */
export function placeName(place: BundlePlace): string {
  return place.kind === 'folder' ? place.destination : describeTarget(place)
}

/** @throws UserError DISK_FULL if a folder of this machine would have less than this free with the files in it */
export function requireRoomAt(place: BundlePlace, sizeBytes: number, minFreeBytes: number): void {
  if (place.kind !== 'folder') return
  const { host, path } = parseDestination(place.destination)
  if (host === undefined) requireFreeBytes(presentFolder(path), sizeBytes + minFreeBytes, 'a copy of a bundle')
}

function presentFolder(path: string): string {
  return existsSync(path) ? path : presentFolder(dirname(path))
}

/**
 * Copies a file, and continues a copy that was interrupted. It has its name there only when it is complete.
 * @throws UserError TRANSFER_FAILED also for another file under this name that may not be replaced; REMOTE_UNREACHABLE, DISK_FULL
 */
export async function sendTo(place: BundlePlace, file: FileToSend): Promise<void> {
  if (place.kind === 's3') return sendToStore(place, file)
  const { path: source, mayReplace, signal } = file
  const options = { sources: [source], mustKeep: !mayReplace }
  const [sent] =
    place.kind === 'ssh'
      ? await sendBySsh(place, options, signal)
      : await transfer({ ...options, destination: inFolder(place.destination), canAsk: false, signal })
  if (sent?.isVerified) return
  throw logdbError(
    'TRANSFER_FAILED',
    `what arrived at ${placeName(place)} is not what was sent`,
    'check the disk there',
  )
}

async function sendBySsh(place: SshPlace, options: SendOptions, signal: AbortSignal | undefined) {
  const machine = await PinnedMachine.open(place, place.privateKey, signal)
  try {
    return await sendFiles(machine, inFolder(place.folder), options)
  } finally {
    machine.close()
  }
}

/** The path of a folder, which is made where it is missing. */
function inFolder(path: string): string {
  return `${path.replace(/\/*$/, '')}/`
}

/** Of a file in a bucket. */
export function keyOf({ prefix }: S3Target, name: string): string {
  return prefix === '' ? name : `${prefix}/${name}`
}

async function sendToStore(target: S3Target, { path, name, ...options }: FileToSend) {
  const { store } = target
  const key = keyOf(target, name)
  const { sizeBytes, sha256 } = await chunksOf(path)
  const outcome = await uploadFile(store, key, { path, sizeBytes, sha256 }, options).catch((error: unknown) => {
    throw error instanceof UserError ? ofTransfer(error) : error
  })
  if (outcome !== 'different') return
  const hint = 'give each server its own prefix; if the other object is not needed, remove it'
  throw logdbError('TRANSFER_FAILED', `${store.bucket}/${key} is there already, with other content`, hint)
}

function ofTransfer(error: UserError): UserError {
  const code = error.code === 'OBJECT_STORE_UNREACHABLE' ? 'REMOTE_UNREACHABLE' : 'TRANSFER_FAILED'
  return logdbError(code, error.message, error.hint, error)
}
