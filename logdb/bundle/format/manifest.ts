import { isObject, parseObject } from '../../../kit/json.ts'
import { sha256 } from '../../../kit/sha256.ts'

/** The member of a bundle that lists all others, and the end of the name of its copy next to the bundle. */
export const MANIFEST = 'metadata.json'
/** Members with log databases, and with log files. */
export const DATABASES = 'db/'
export const LOGS = 'raw/'

/** A member of a bundle. What follows `bytes` is only known of databases, and not in bundles of the predecessor. */
export interface BundleFile {
  /** Path in the bundle, with `/`. */
  path: string
  sha256: string
  bytes: number
  /** v1: tables of the predecessor; v2: a partition. */
  format?: 'v1' | 'v2'
  rows?: number
  /** Times of the first and the last request, in seconds since 1970; null without rows. */
  min_ts?: number | null
  max_ts?: number | null
  /** SHA-256 of the sorted ids of the requests, each with a line feed after it. */
  ids_sha256?: string
}

/** What metadata.json says. The predecessor reads and writes the first six members. */
export interface Manifest {
  bundle_id: string
  /** YYYY-MM-DDTHH:MM:SSZ. In a bundle of ours the time of its last request, so that equal content has equal bytes. */
  created_at: string
  server_id: string
  schema_version: string
  include_raw: boolean
  files: BundleFile[]
  manifest_version?: number
  /** Name of the machine that made it. */
  host?: string
  tool?: string
  sqlite_version?: string
  /** Days that were asked for, YYYY-MM-DD; null where there was no limit. */
  ranges?: { since: string | null; to: string | null }[]
  counts?: { requests: number; databases: number; logs: number }
}

/** The same content always gets the same id; in form it is a UUID of version 4. */
export function withBundleId(manifest: Omit<Manifest, 'bundle_id'>): Manifest {
  const digits = sha256(renderManifest(manifest)).slice(0, 32)
  const variant = ((Number.parseInt(digits.slice(16, 17), 16) & 3) | 8).toString(16)
  const hex = `${digits.slice(0, 12)}4${digits.slice(13, 16)}${variant}${digits.slice(17)}`
  return { bundle_id: hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5'), ...manifest }
}

/** JSON as the predecessor writes it: sorted keys, two spaces. */
export function renderManifest(manifest: object): string {
  return JSON.stringify(manifest, (_, value) => (isObject(value) ? sorted(value) : value), 2)
}

function sorted(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Undefined for a text that is not the manifest of a bundle, by us or by the predecessor. */
export function parseManifest(text: string): Manifest | undefined {
  const value = parseObject(text)
  const files: unknown = value?.['files']
  if (!value || !Array.isArray(files) || !files.every(isBundleFile)) return undefined
  const textOf = (name: string) => (typeof value[name] === 'string' ? value[name] : '')
  return {
    ...value,
    bundle_id: textOf('bundle_id'),
    created_at: textOf('created_at'),
    server_id: textOf('server_id'),
    schema_version: textOf('schema_version'),
    include_raw: value['include_raw'] === true,
    files,
  }
}

function isBundleFile(value: unknown): value is BundleFile {
  if (!isObject(value)) return false
  const { path, sha256: digest, bytes } = value
  const isSize = Number.isSafeInteger(bytes) && Number(bytes) >= 0
  return typeof path === 'string' && typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest) && isSize
}
