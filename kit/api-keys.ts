import { createHash, createHmac } from 'node:crypto'
import { splitList } from './list.ts'

/** One entry of API_KEYS is one identity: a client may send any of its accepted forms. */
export interface ApiKey {
  name: string | null
  /** First 16 hex digits; stands for the key in logs. */
  hash: string
  /** The same for what the key owns: it does not change with the secret of the log. */
  owner: string
  /** What authenticates as this entry. */
  accepted: string[]
}

const MIN_NAMED_KEY_LENGTH = 16
/** Hex digits. */
const HASH_LENGTH = 16

/**
 * Entries of a comma-separated API_KEYS. `name:key` with a key of 16 characters or more is a named key, which also
 * authenticates as the whole text, so that a key that only contains a colon keeps working.
 */
export function parseApiKeys(csv: string, hashSecret?: string): ApiKey[] {
  return splitList(csv).map((entry) => parseEntry(entry, hashSecret))
}

function parseEntry(entry: string, hashSecret: string | undefined): ApiKey {
  const colon = entry.indexOf(':')
  const key = entry.slice(colon + 1)
  if (colon > 0 && key.length >= MIN_NAMED_KEY_LENGTH) {
    return { name: entry.slice(0, colon), ...hashesOf(key, hashSecret), accepted: [key, entry] }
  }
  return { name: null, ...hashesOf(entry, hashSecret), accepted: [entry] }
}

function hashesOf(key: string, hashSecret: string | undefined): Pick<ApiKey, 'hash' | 'owner'> {
  const owner = createHash('sha256').update(`ai-proxy/owner/v1:${key}`).digest('hex').slice(0, HASH_LENGTH)
  return { hash: hashApiKey(key, hashSecret), owner }
}

/** The same key has the same hash after a restart and on another server. */
export function hashApiKey(key: string, hashSecret?: string): string {
  const text = `ai-proxy/key/v1:${key}`
  const hash = hashSecret ? createHmac('sha256', hashSecret) : createHash('sha256')
  return hash.update(text).digest('hex').slice(0, HASH_LENGTH)
}
