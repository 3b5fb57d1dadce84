import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ObjectStore } from '../object-store/object-store.ts'
import { removeAbandoned } from '../object-store/remove-abandoned.ts'
import { errorMessage, UserError } from '../user-error.ts'
import { encrypted } from './age.ts'
import { ENCRYPTED } from './age-format.ts'
import type { CopyTarget } from './copy-settings.ts'
import type { CopyResult } from './jobs.ts'
import { SshStore } from './ssh-store.ts'

/** Names of copies of backups: others may use the same place. */
const BACKUP = /^ai-proxy-backup-[\d-]+\.tar\.gz(\.age)?$/
const isBackup = (name: string) => BACKUP.test(name)

/** A place for copies of files. */
interface CopyStore {
  put(name: string, content: Readable): Promise<void>
  sizeOf(name: string): Promise<number>
  get(name: string): Promise<Readable>
  /** Removes what senders that were killed have left of backups. Where that is not possible it stays. */
  tidy(): Promise<void>
  close(): void
}

export interface Sending {
  target: CopyTarget
  recipients: readonly string[]
  names: readonly string[]
}

/** Copies files of a folder one after another, those that are there. One that fails does not stop the next. */
export async function* sendFiles(folder: string, { target, recipients, names }: Sending): AsyncGenerator<CopyResult> {
  const present = names.filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile())
  const store = present.length > 0 ? await openStore(target).catch((error: unknown) => ({ error })) : undefined
  if (store === undefined) return
  if ('error' in store) {
    yield* present.map((name) => problemOf(name, store.error))
    return
  }
  try {
    let hasArrived = false
    for await (const result of sendEach(present, (name) => sendFile(folder, name, recipients, store))) {
      hasArrived ||= !('problem' in result)
      yield result
    }
    if (hasArrived) await store.tidy()
  } finally {
    store.close()
  }
}

async function* sendEach(
  names: readonly string[],
  send: (name: string) => Promise<CopyResult>,
): AsyncGenerator<CopyResult> {
  let blocked: unknown
  for (const name of names) {
    if (blocked !== undefined) yield problemOf(name, blocked)
    else {
      yield await send(name).catch((error: unknown) => {
        if (isForAll(error)) blocked = error
        return problemOf(name, error)
      })
    }
  }
}

async function sendFile(
  folder: string,
  name: string,
  recipients: readonly string[],
  store: CopyStore,
): Promise<CopyResult> {
  const plain = createReadStream(join(folder, name))
  const content = recipients.length > 0 ? await encrypted(plain, recipients) : plain
  const storedAs = recipients.length > 0 ? `${name}${ENCRYPTED}` : name
  const hash = createHash('sha256')
  let sizeBytes = 0
  const counted = content.map((chunk: Uint8Array) => {
    hash.update(chunk)
    sizeBytes += chunk.length
    return chunk
  })
  await store.put(storedAs, counted)
  const arrived = await store.sizeOf(storedAs)
  if (arrived !== sizeBytes) throw new Error(`${sizeBytes} bytes were sent, but ${arrived} are there`)
  return { name, storedAs, sizeBytes, sha256: hash.digest('hex') }
}

/** What fails for one file would fail for the others too. */
function isForAll(error: unknown): boolean {
  return error instanceof UserError && /^OBJECT_STORE_(DENIED|MISSING|UNREACHABLE)$/.test(error.code)
}

function problemOf(name: string, error: unknown): CopyResult {
  return { name, problem: errorMessage(error), hint: error instanceof UserError ? error.hint : 'run again later' }
}

/** @throws UserError */
export async function openStore(target: CopyTarget): Promise<CopyStore> {
  if (target.kind === 's3') return s3Store(target)
  const store = await SshStore.open(target)
  return {
    put: (name, content) => store.put(name, content),
    sizeOf: (name) => store.sizeOf(name),
    get: async (name) => store.get(name),
    tidy: () => store.removeAbandoned(isBackup),
    close: () => store.close(),
  }
}

function s3Store({ store: settings, prefix }: Extract<CopyTarget, { kind: 's3' }>): CopyStore {
  const store = new ObjectStore(settings)
  const keyOf = (name: string) => (prefix === '' ? name : `${prefix}/${name}`)
  return {
    put: async (name, content) => void (await store.put(keyOf(name), content)),
    sizeOf: async (name) => (await store.head(keyOf(name))).sizeBytes,
    get: async (name) => Readable.fromWeb((await store.get(keyOf(name))) as Parameters<typeof Readable.fromWeb>[0]),
    tidy: () => removeAbandoned(settings, { begin: keyOf(''), isOurs: isBackup }),
    close: () => {},
  }
}
