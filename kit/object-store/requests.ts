import { setTimeout } from 'node:timers/promises'
import { AwsClient } from 'aws4fetch'
import { sha256 } from '../sha256.ts'
import { type Place, refusalOf, refused, unreachable } from './failures.ts'

/** How to reach a bucket of Amazon S3, or of a server that speaks its language. */
export interface ObjectStoreSettings {
  bucket: string
  region: string
  /** For example https://minio.example.com:9000; Amazon's if undefined. */
  endpoint?: string | undefined
  accessKeyId: string
  secretAccessKey: string
  /** Delay before the first repetition of a request; it doubles each time. */
  retryMs?: number | undefined
}

export interface ObjectRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Empty for the bucket itself. */
  key: string
  query?: Record<string, string>
  body?: Uint8Array | undefined
  headers?: Record<string, string> | undefined
  signal?: AbortSignal | undefined
  /** Completes "cannot ...". */
  what: string
}

const MAX_ATTEMPTS = 5
const RETRY_MS = 500
const MAX_RETRY_MS = 20_000
/** With a part of a file on a slow line. */
const TIMEOUT_MS = 300_000
const TEMPORARY = [408, 425, 429, 500, 502, 503, 504]

/** Sends signed requests, and repeats those that fail for a reason that may pass. */
export class ObjectRequests {
  readonly #settings: ObjectStoreSettings
  readonly #client: AwsClient
  readonly #base: URL
  readonly #place: Place

  constructor(settings: ObjectStoreSettings) {
    const { accessKeyId, secretAccessKey, region, bucket } = settings
    this.#settings = settings
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3' })
    this.#base = bucketUrl(settings)
    this.#place = { host: this.#base.host, bucket, region }
  }

  /** @throws UserError OBJECT_STORE_* */
  async send(request: ObjectRequest): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#attempt(request).catch((error: unknown) => ({ error }))
      request.signal?.throwIfAborted()
      if (!('error' in answer) && answer.ok) return answer
      const isLast = attempt === MAX_ATTEMPTS
      if ('error' in answer) {
        if (isLast) throw unreachable(request.what, answer.error, this.#place)
        await this.#pause(attempt, 0, request)
        continue
      }
      const refusal = refusalOf(answer.status, await answer.text().catch(() => ''))
      if (isLast || !TEMPORARY.includes(refusal.status)) throw refused(request.what, refusal, this.#place)
      await this.#pause(attempt, Number(answer.headers.get('retry-after') ?? 0) * 1000, request)
    }
  }

  async #attempt({ method, key, query = {}, body, signal, headers: more }: ObjectRequest): Promise<Response> {
    const url = new URL(this.#base)
    url.pathname += encodedKey(key)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const headers = { ...more, 'x-amz-content-sha256': sha256(Buffer.from(body ?? '')) }
    const signed = await this.#client.sign(url, { method, headers, ...(body && { body: Buffer.from(body) }) })
    // A download may take longer.
    const limits = method === 'GET' ? [] : [AbortSignal.timeout(TIMEOUT_MS)]
    return fetch(signed, { signal: AbortSignal.any([...limits, ...(signal ? [signal] : [])]), redirect: 'manual' })
  }

  async #pause(attempt: number, atLeastMs: number, { signal }: ObjectRequest): Promise<void> {
    const doubled = (this.#settings.retryMs ?? RETRY_MS) * 2 ** (attempt - 1)
    const waitMs = Math.min(MAX_RETRY_MS, Math.max(atLeastMs || 0, doubled * (0.5 + Math.random() / 2)))
    await setTimeout(waitMs, undefined, { signal })
  }
}

/** Amazon's buckets have host names; servers at an endpoint of their own know a bucket by its path, which all of them do. */
function bucketUrl({ bucket, region, endpoint }: ObjectStoreSettings): URL {
  if (endpoint !== undefined) return new URL(`${endpoint.replace(/\/+$/, '')}/${bucket}/`)
  const isHostName = /^[a-z0-9-]+$/.test(bucket)
  const host = `s3.${region}.amazonaws.com`
  return new URL(isHostName ? `https://${bucket}.${host}/` : `https://${host}/${bucket}/`)
}

function encodedKey(key: string): string {
  return key
    .split('/')
    .map((part) => encodeURIComponent(part))
    .join('/')
}
