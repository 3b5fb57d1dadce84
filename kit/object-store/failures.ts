import { UserError } from '../user-error.ts'
import { elementText } from './xml.ts'

type Code = 'OBJECT_STORE_DENIED' | 'OBJECT_STORE_MISSING' | 'OBJECT_STORE_UNREACHABLE' | 'OBJECT_STORE_FAILED'

/** Where a request went, for messages. */
export interface Place {
  host: string
  bucket: string
  region: string
}

/** What an answer says about a failure. */
export interface Refusal {
  status: number
  /** S3's own name of the problem; undefined if the answer is not S3's. */
  code: string | undefined
  message: string | undefined
}

/** @param body of the answer; empty for HEAD */
export function refusalOf(status: number, body: string): Refusal {
  return { status, code: elementText(body, 'Code'), message: elementText(body, 'Message') }
}

/** @param what completes "cannot ...", without a secret */
export function refused(what: string, { status, code, message }: Refusal, { host, bucket, region }: Place): UserError {
  const said = [code, message].filter(Boolean).join(': ') || `status ${status}`
  const text = `cannot ${what}: ${host} answers ${said}`
  if (code === 'NoSuchBucket')
    return failure('OBJECT_STORE_MISSING', text, `create the bucket ${bucket}, or correct its name`)
  if (status === 404) return failure('OBJECT_STORE_MISSING', text, 'check the name, and the access key')
  if (code === 'RequestTimeTooSkewed') {
    return failure(
      'OBJECT_STORE_DENIED',
      text,
      'set the clock of this machine; S3 refuses requests that are 15 minutes off',
    )
  }
  if (status === 401 || status === 403) {
    const hint = `check the access key, the secret key, and that they may read and write the bucket ${bucket}`
    return failure('OBJECT_STORE_DENIED', text, hint)
  }
  if (status === 301 || code === 'AuthorizationHeaderMalformed') {
    return failure('OBJECT_STORE_DENIED', text, `check the region (now ${region}) and the endpoint`)
  }
  return failure('OBJECT_STORE_FAILED', text, 'run again later')
}

export function unreachable(what: string, cause: unknown, { host }: Place): UserError {
  const text = `cannot ${what}: no answer from ${host} (${reasonOf(cause)})`
  return failure('OBJECT_STORE_UNREACHABLE', text, 'check the endpoint and the network of this machine', cause)
}

/** Node hides the reason of a failed fetch in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error) return reasonOf(error.cause)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

export function failure(code: Code, message: string, hint: string, cause?: unknown): UserError {
  return new UserError(code, message, { hint, cause })
}
