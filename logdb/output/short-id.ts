const WHOLE_ID = /^[0-9a-f]{64}$/
const SHORT_LENGTH = 10

/** The beginning of an id of a request, which is enough for `logdb show`: of a million requests it fits two once in a million. */
export function shortId(requestId: string): string {
  return WHOLE_ID.test(requestId) ? requestId.slice(0, SHORT_LENGTH) : requestId
}
