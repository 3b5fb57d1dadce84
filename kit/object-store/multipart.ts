import { failure } from './failures.ts'
import type { ObjectRequests } from './requests.ts'
import { elementText, escaped } from './xml.ts'

/** What belongs to each request of an upload. */
interface UploadTarget {
  key: string
  signal?: AbortSignal | undefined
  /** Stored with the object. */
  headers?: Record<string, string> | undefined
}

/** @throws UserError OBJECT_STORE_* */
export async function beginUpload(requests: ObjectRequests, target: UploadTarget): Promise<MultipartUpload> {
  const begun = await requests.send({ method: 'POST', query: { uploads: '' }, what: `store ${target.key}`, ...target })
  return new MultipartUpload(requests, target, elementText(await begun.text(), 'UploadId') ?? '')
}

/** An object that is stored in parts. It appears when it is complete. */
export class MultipartUpload {
  /** The store's name for it. */
  readonly id: string
  readonly #requests: ObjectRequests
  readonly #key: string
  readonly #signal: AbortSignal | undefined

  constructor(requests: ObjectRequests, { key, signal }: UploadTarget, id: string) {
    this.#requests = requests
    this.#key = key
    this.#signal = signal
    this.id = id
  }

  /** @param number from 1 @returns the store's tag of the part @throws UserError OBJECT_STORE_* */
  async putPart(number: number, body: Uint8Array): Promise<string> {
    const query = { partNumber: String(number), uploadId: this.id }
    const stored = await this.#requests.send({ method: 'PUT', query, body, ...this.#common() })
    return stored.headers.get('etag') ?? ''
  }

  /** @param tags of all parts, in their order @throws UserError OBJECT_STORE_* */
  async complete(tags: readonly string[]): Promise<void> {
    const parts = tags.map((tag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${escaped(tag)}</ETag></Part>`)
    const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`)
    const request = { method: 'POST' as const, query: { uploadId: this.id }, body, ...this.#common() }
    const answer = await (await this.#requests.send(request)).text()
    // S3 begins this answer before it knows whether it succeeds.
    const problem = elementText(answer, 'Code')
    if (problem === undefined) return
    throw failure('OBJECT_STORE_FAILED', `cannot store ${this.#key}: the store answers ${problem}`, 'run again later')
  }

  /** Removes the parts, also when the signal has ended the upload. @throws UserError OBJECT_STORE_* */
  async remove(): Promise<void> {
    const what = `remove the parts of ${this.#key}`
    await this.#requests.send({ method: 'DELETE', key: this.#key, query: { uploadId: this.id }, what })
  }

  #common() {
    return { key: this.#key, signal: this.#signal, what: `store ${this.#key}` }
  }
}
