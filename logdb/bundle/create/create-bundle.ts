import { createReadStream, createWriteStream, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { packageVersion } from '../../../kit/package-root.ts'
import type { DayRange } from '../../days.ts'
import { logdbError } from '../../error-table.ts'
import type { LogdbSettings } from '../../settings.ts'
import { moveDurably } from '../../store/folder/durable.ts'
import { requireFilePlace } from '../../store/folder/file-place.ts'
import { readServerId } from '../../store/folder/server-id.ts'
import { sqliteVersion } from '../../store/snapshot/database-facts.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { type BundleFile, MANIFEST, type Manifest, renderManifest, withBundleId } from '../format/manifest.ts'
import { memberHead, memberPadding } from '../format/tar-blocks.ts'
import { encryptFor } from '../protection/age-files.ts'
import { SIGNATURE, signatureOf } from '../protection/signature.ts'
import { databasesWithin } from './databases.ts'
import { bundledMembers } from './members.ts'
import { parallelGzip } from './parallel-gzip.ts'
import { rawLogsWithin } from './raw-logs.ts'

export interface CreateBundleOptions extends DayRange {
  /** Folder of the log database. */
  db: string
  /** Path of the bundle; one that exists is replaced. */
  out: string
  settings: LogdbSettings
  /** Folder of the logs, if they go into the bundle too. */
  raw?: string | undefined
  /** Public keys of age; with some, only they can read the bundle. */
  recipients?: readonly string[] | undefined
  /** Path of the SSH key to sign with. */
  signingKey?: string | undefined
  /** Called when a database is in the bundle, with how many there are. */
  onDatabase?: ((done: number, total: number) => void) | undefined
}

export interface CreatedBundle {
  path: string
  sizeBytes: number
  manifest: Manifest
}

const READ_BYTES = 256 * 1024

/**
 * Makes a bundle of the requests of these days, from a consistent state of each database, also while it is written to. The same
 * requests give the same bytes. The bundle, and its metadata.json next to it, appear complete or not at all.
 * @throws UserError DISK_FULL, DATABASE_DAMAGED and others
 */
export async function createBundle(options: CreateBundleOptions): Promise<CreatedBundle> {
  const engine = await loadSqlite()
  const { out } = options
  requirePlaces(options)
  const staging = `${out}.parts`
  mkdirSync(dirname(out), { recursive: true })
  rmSync(staging, { recursive: true, force: true })
  mkdirSync(staging)
  try {
    const body = join(staging, 'body')
    const files = await writeBody(engine, options, staging, body)
    const manifest = manifestOf(engine, options, files)
    const text = renderManifest(manifest)
    const path = join(staging, basename(out))
    const { recipients = [], signingKey } = options
    await assemble(text, body, path, recipients)
    const companions: [suffix: string, text: string][] = recipients.length === 0 ? [[`.${MANIFEST}`, text]] : []
    if (signingKey !== undefined) companions.push([SIGNATURE, await signatureOf(path, signingKey)])
    publish(path, out, companions)
    return { path: out, sizeBytes: statSync(out).size, manifest }
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

/** A folder that is typed wrong must not become a bundle of nothing. @throws UserError */
function requirePlaces({ db, out }: CreateBundleOptions): void {
  if (!existsSync(db)) {
    throw logdbError('PARTITIONS_MISSING', `${db} does not exist`, 'name the folder of the log database with --db')
  }
  requireFilePlace('--out', out, 'name a file, like week.tgz')
}

/** Writes all members except metadata.json, one after the other: only one snapshot at a time takes space. */
async function writeBody(
  engine: SqliteEngine,
  { db, raw, since, to, onDatabase }: CreateBundleOptions,
  staging: string,
  body: string,
): Promise<BundleFile[]> {
  const files: BundleFile[] = []
  const databases = databasesWithin(engine, db, { since, to })
  const logs = raw === undefined ? [] : rawLogsWithin(raw, { since, to })
  const content = bundledMembers({ databases, logs, staging, onDatabase }, files)
  await pipeline(Readable.from(parallelGzip(content), { objectMode: false }), createWriteStream(body))
  return files
}

function manifestOf(engine: SqliteEngine, options: CreateBundleOptions, files: BundleFile[]): Manifest {
  const { db, settings, since, to, raw } = options
  const databases = files.filter(({ format }) => format !== undefined)
  const lastTs = Math.max(0, ...databases.map(({ max_ts }) => max_ts ?? 0))
  return withBundleId({
    created_at: new Date(lastTs * 1000).toISOString().replace('.000Z', 'Z'),
    server_id: settings.serverId ?? readServerId(db) ?? '',
    schema_version: databases.some(({ format }) => format === 'v2') ? 'v2' : 'v1',
    include_raw: raw !== undefined,
    files,
    manifest_version: 2,
    host: settings.hostname,
    tool: `ai-deploy/${packageVersion()}`,
    sqlite_version: sqliteVersion(engine),
    ranges: [{ since: since ?? null, to: to ?? null }],
    counts: {
      requests: databases.reduce((sum, { rows = 0 }) => sum + rows, 0),
      databases: databases.length,
      logs: files.length - databases.length,
    },
  })
}

/** metadata.json comes first, so that a reader knows what follows. Gzip streams, one after the other, are a gzip file. */
async function assemble(manifest: string, body: string, path: string, recipients: readonly string[]): Promise<void> {
  const list = Buffer.from(manifest)
  const first = Buffer.concat([memberHead(MANIFEST, list.length), list, memberPadding(list.length)])
  const parts = async function* () {
    yield* parallelGzip(Readable.from([first]))
    yield* createReadStream(body, { highWaterMark: READ_BYTES })
  }
  const content = Readable.from(parts(), { objectMode: false })
  await pipeline(recipients.length === 0 ? content : await encryptFor(content, recipients), createWriteStream(path))
}

/** The bundle last: where it is, what belongs next to it is too. What belonged to an earlier one is removed. */
function publish(path: string, out: string, companions: readonly [suffix: string, text: string][]): void {
  for (const suffix of [`.${MANIFEST}`, SIGNATURE]) {
    if (!companions.some(([one]) => one === suffix)) rmSync(out + suffix, { force: true })
  }
  for (const [suffix, text] of companions) {
    writeFileSync(path + suffix, text)
    moveDurably(path + suffix, out + suffix)
  }
  moveDurably(path, out)
}
