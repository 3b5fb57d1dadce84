import { BYTES_PER_MIB } from '../sizes.ts'
import { beginUpload } from './multipart.ts'
import { ObjectRequests, type ObjectStoreSettings } from './requests.ts'
import { elements, elementText } from './xml.ts'

export interface StoredObject {
  key: string
  sizeBytes: number
}

export interface PutOptions {
  /** About how much comes; only needed for more than 150 GiB. */
  expectedBytes?: number | undefined
  signal?: AbortSignal | undefined
}

const LEAST_PART_BYTES = 16 * BYTES_PER_MIB
/** S3 takes 10,000 parts. */
const EXPECTED_PARTS = 9000

/**
 * A bucket. Every request is repeated when it fails for a reason that may pass.
 * @example
 * const store = new ObjectStore({ bucket: 'backups', region: 'eu-central-1', accessKeyId, secretAccessKey })
 * await store.put('a/file', createReadStream('file'))
 */
export class ObjectStore {
  readonly #requests: ObjectRequests
  readonly #partBytes: number

  /** @param partBytes size of the parts of large objects; S3 takes none below 5 MiB */
  constructor(settings: ObjectStoreSettings, partBytes = LEAST_PART_BYTES) {
    this.#requests = new ObjectRequests(settings)
    this.#partBytes = partBytes
  }

  /**
   * Stores a stream, with one part of it in memory. An object appears whole or not at all; parts of one that failed are
   * removed. Returns its size in bytes. @throws UserError OBJECT_STORE_*
   */
  async put(key: string, content: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<number> {
    const { expectedBytes = 0, signal } = options
    const parts = inParts(content, Math.max(this.#partBytes, Math.ceil(expectedBytes / EXPECTED_PARTS)))
    const first = await parts.next()
    const second = first.done ? first : await parts.next()
    const body = first.done ? new Uint8Array() : first.value
    if (!second.done) return this.#putInParts(key, restOf(parts, body, second.value), signal)
    await this.#requests.send({ method: 'PUT', key, body, signal, what: `store ${key}` })
    return body.length
  }

  async #putInParts(key: string, parts: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<number> {
    const upload = await beginUpload(this.#requests, { key, signal })
    try {
      const tags: string[] = []
      let size = 0
      for await (const body of parts) {
        tags.push(await upload.putPart(tags.length + 1, body))
        size += body.length
      }
      await upload.complete(tags)
      return size
    } catch (error) {
      await upload.remove().catch(() => {}) // What failed first is what the user must know.
      throw error
    }
  }

  /** @throws UserError OBJECT_STORE_MISSING and others */
  async get(key: string, signal?: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.#requests.send({ method: 'GET', key, signal, what: `fetch ${key}` })
    return body ?? new ReadableStream({ start: (controller) => controller.close() })
  }

  /** Its size. @throws UserError OBJECT_STORE_MISSING and others */
  async head(key: string): Promise<StoredObject> {
    const { headers } = await this.#requests.send({ method: 'HEAD', key, what: `look at ${key}` })
    return { key, sizeBytes: Number(headers.get('content-length')) }
  }

  /** One that is not there is fine. @throws UserError OBJECT_STORE_* */
  async delete(key: string): Promise<void> {
    await this.#requests.send({ method: 'DELETE', key, what: `remove ${key}` })
  }

  /** All objects whose key begins like this, by key. @throws UserError OBJECT_STORE_* */
  async *list(prefix = ''): AsyncGenerator<StoredObject> {
    let next: string | undefined
    do {
      const query = { 'list-type': '2', 'encoding-type': 'url', prefix, ...(next && { 'continuation-token': next }) }
      const answer = await this.#requests.send({ method: 'GET', key: '', query, what: `list ${prefix}*` })
      const xml = await answer.text()
      const isEncoded = elementText(xml, 'EncodingType') === 'url'
      for (const one of elements(xml, 'Contents')) {
        const key = elementText(one, 'Key') ?? ''
        yield {
          key: isEncoded ? decodeURIComponent(key.replaceAll('+', ' ')) : key,
          sizeBytes: Number(elementText(one, 'Size')),
        }
      }
      next = elementText(xml, 'IsTruncated') === 'true' ? elementText(xml, 'NextContinuationToken') : undefined
    } while (next !== undefined)
  }
}

/** Parts of this size, but for the last one. */
async function* inParts(content: AsyncIterable<Uint8Array>, partBytes: number): AsyncGenerator<Uint8Array> {
  let chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of content) {
    let rest = chunk
    while (size + rest.length >= partBytes) {
      const taken = partBytes - size
      yield Buffer.concat([...chunks, rest.subarray(0, taken)])
      ;[chunks, size, rest] = [[], 0, rest.subarray(taken)]
    }
    chunks.push(rest)
    size += rest.length
  }
  if (size > 0) yield Buffer.concat(chunks)
}

async function* restOf(parts: AsyncIterable<Uint8Array>, ...before: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* before
  yield* parts
}
