import { UserError } from '../../../../kit/user-error.ts'
import { findDialog, findRequest } from '../../../conversation/find-requests.ts'
import type { LogdbErrorCode } from '../../../error-table.ts'
import type { RequestDetails } from '../../../store/partition/requests.ts'

/** What is asked for by an id. */
export interface RequestOptions {
  out: string
  id: string
  /** Hash of the only API key whose requests may be seen. */
  key: string | undefined
}

const UNKNOWN: readonly string[] = ['REQUEST_NOT_FOUND', 'REQUEST_AMBIGUOUS'] satisfies LogdbErrorCode[]

/** Says nothing about requests of other keys, not even that several ids begin the same. */
export async function visibleRequest({ out, id, key }: RequestOptions): Promise<RequestDetails | undefined> {
  const details = await unlessUnknown(() => findRequest(out, id), key)
  return details && isVisible(details, key) ? details : undefined
}

/** The requests of a dialog that may be seen, in the order of time. */
export async function* visibleDialog({ out, id, key }: RequestOptions): AsyncGenerator<RequestDetails> {
  for (const details of (await unlessUnknown(() => findDialog(out, id), key)) ?? []) {
    if (isVisible(details, key)) yield details
  }
}

function isVisible({ api_key_hash }: RequestDetails, key: string | undefined): boolean {
  return key === undefined || api_key_hash === key
}

/** Who may see everything gets the error itself, which says more. */
async function unlessUnknown<T>(find: () => Promise<T>, key: string | undefined): Promise<T | undefined> {
  try {
    return await find()
  } catch (error) {
    if (key !== undefined && error instanceof UserError && UNKNOWN.includes(error.code)) return undefined
    throw error
  }
}
