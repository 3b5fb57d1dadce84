/** Entries after which a cache starts anew. */
const CACHE_ENTRIES = 200_000

/** Adds to a cache that is emptied before it grows too large. */
export function remember<T>(cache: Map<string, T>, key: string, value: T): void {
  if (cache.size >= CACHE_ENTRIES) cache.clear()
  cache.set(key, value)
}
