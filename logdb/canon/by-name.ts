/** Values by short ASCII names, which are looked up in bytes without making a string of them. */
export class ByName<T> {
  readonly #buckets = new Map<number, { name: Buffer; value: T }[]>()

  constructor(values: Readonly<Record<string, T>>) {
    for (const [text, value] of Object.entries(values)) {
      const name = Buffer.from(text)
      const key = bucketOf(name, 0, name.length)
      this.#buckets.set(key, [...(this.#buckets.get(key) ?? []), { name, value }])
    }
  }

  /** The value whose name stands at these bytes. */
  find(bytes: Buffer, start: number, end: number): T | undefined {
    const bucket = this.#buckets.get(bucketOf(bytes, start, end))
    if (bucket) for (const { name, value } of bucket) if (standsAt(name, bytes, start)) return value
    return undefined
  }
}

/** Equal for equal names: their length, first and last byte. */
function bucketOf(bytes: Buffer, start: number, end: number): number {
  return ((end - start) << 16) | ((bytes[start] as number) << 8) | (bytes[end - 1] as number)
}

function standsAt(name: Buffer, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false
  return true
}
