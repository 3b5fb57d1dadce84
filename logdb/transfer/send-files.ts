import { basename } from 'node:path'
import { logdbError } from '../error-table.ts'
import { bytesOf, chunksOf, differingRanges, type FileChunks } from './chunks.ts'
import { CHUNK_BYTES, FarFile } from './far-side.ts'
import type { Machine } from './machine.ts'
import { SystemMachine } from './system-machine.ts'

export interface TransferOptions extends SendOptions {
  /** A file, a folder, or either of another machine as `[user@]host:path`. */
  destination: string
  /** A file for `ssh -F`. */
  sshConfig?: string | undefined
  /** The user can answer what ssh asks. */
  canAsk: boolean
  signal?: AbortSignal | undefined
}

export interface SendOptions {
  /** Paths of files here. */
  sources: readonly string[]
  /** Refuse to replace a file at the destination that has other content. */
  mustKeep?: boolean
  /** Called while a file is sent; what an earlier run has sent is included in what is done. */
  onProgress?: ((progress: TransferProgress) => void) | undefined
}

export interface TransferProgress {
  source: string
  doneBytes: number
  totalBytes: number
  sentBytes: number
}

export interface TransferredFile {
  source: string
  /** Path at the destination. */
  path: string
  sizeBytes: number
  sha256: string
  /** How much of it this run had to send. */
  sentBytes: number
  /** True if the destination has read it back with the same SHA-256. */
  isVerified: boolean
}

/** A disk that damages what it is given is not asked a third time. */
const ATTEMPTS = 2

/** Sends files to a place as a user types it. @throws UserError REMOTE_UNREACHABLE, TRANSFER_FAILED and others */
export function transfer({ destination, sshConfig, canAsk, signal, ...options }: TransferOptions) {
  const { host, path } = parseDestination(destination)
  return sendFiles(new SystemMachine({ host, sshConfig, canAsk, signal }), path, options)
}

/**
 * Sends files, one after another. An interrupted run is continued by the next one, which compares what has arrived chunk by
 * chunk and sends what is missing or damaged. A file appears under its name only when it is complete.
 * @param path a file or a folder of the machine
 * @throws UserError REMOTE_UNREACHABLE, TRANSFER_FAILED and others
 */
export async function sendFiles(machine: Machine, path: string, options: SendOptions): Promise<TransferredFile[]> {
  const { sources } = options
  requireDifferentNames(sources)
  const isFolder = sources.length > 1 || path.endsWith('/')
  const done: TransferredFile[] = []
  for (const source of sources) done.push(await sendOne(source, { ...options, machine, path, isFolder }))
  return done
}

/** @throws UserError USAGE if one file would replace another one in the folder that they go to */
function requireDifferentNames(sources: readonly string[]): void {
  const known = new Map<string, string>()
  for (const source of sources) {
    const name = basename(source)
    const other = known.get(name) ?? source
    if (other !== source) {
      const message = `${other} and ${source} have the same name, so one would replace the other`
      throw logdbError('USAGE', message, 'send them to different folders')
    }
    known.set(name, source)
  }
}

/** As scp does: there is a host if a colon comes before any slash; or `ssh://[user@]host[:port]/path`, which ssh takes. */
export function parseDestination(destination: string): { host: string | undefined; path: string } {
  const [, address, absolute = ''] = /^(ssh:\/\/[^/]+)(\/.*)$/s.exec(destination) ?? []
  if (address !== undefined) return { host: address, path: absolute }
  const [, host, path = ''] = /^((?:[^@/:]+@)?(?:[^@/:[\]]+|\[[^\]/]+\])):(.*)$/s.exec(destination) ?? []
  if (host === undefined) return { host, path: destination }
  return { host: host.replace(/[[\]]/g, ''), path: path === '' ? './' : path }
}

type OneTransfer = SendOptions & { machine: Machine; path: string; isFolder: boolean }

async function sendOne(source: string, options: OneTransfer): Promise<TransferredFile> {
  const { machine, path, isFolder } = options
  const content = await chunksOf(source)
  const { sizeBytes, sha256 } = content
  const file = await FarFile.open(machine, path, { name: basename(source), isFolder })
  const result = { source, path: file.path, sizeBytes, sha256, sentBytes: 0, isVerified: true }
  const present = await file.sha256()
  if (present === sha256) return result
  if (options.mustKeep && present !== '') throw different(file.path)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    result.sentBytes += await sendMissing(source, file, content, options)
    if ((await file.finish(sizeBytes, sha256)) === sha256) return result
  }
  if ((await chunksOf(source)).sha256 !== sha256) {
    throw logdbError(
      'TRANSFER_FAILED',
      `${source} changed while it was sent`,
      'run the command again when it is complete',
    )
  }
  return { ...result, isVerified: false }
}

function different(path: string) {
  const hint = 'give each server its own folder there; if the other file is not needed, remove it'
  return logdbError('TRANSFER_FAILED', `${path} is there already, with other content`, hint)
}

/** Returns how many bytes were sent. */
async function sendMissing(source: string, file: FarFile, content: FileChunks, options: SendOptions): Promise<number> {
  const { chunks, sizeBytes } = content
  const ranges = differingRanges(chunks, await file.chunks())
  const end = (chunk: number) => Math.min(sizeBytes, chunk * CHUNK_BYTES)
  const missingBytes = ranges.reduce((sum, { first, after }) => sum + end(after) - end(first), 0)
  let sentBytes = 0
  const counted = async function* (bytes: AsyncIterable<Buffer>) {
    for await (const piece of bytes) {
      yield piece
      sentBytes += piece.length
      options.onProgress?.({
        source,
        totalBytes: sizeBytes,
        doneBytes: sizeBytes - missingBytes + sentBytes,
        sentBytes,
      })
    }
  }
  for (const { first, after } of ranges) await file.write(first, counted(bytesOf(source, first, after)))
  return sentBytes
}
