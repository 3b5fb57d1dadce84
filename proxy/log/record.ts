import type { LogRecordFields } from '../../kit/log-record.ts'
import type { LoggedBody } from './body.ts'

const REQUEST = Buffer.from(',"request":')
const RESPONSE = Buffer.from(',"response":')
const END = Buffer.from('}\n')

/** One line of the log in pieces; the bodies go in as the bytes they are. */
export function recordLine(
  fields: Omit<LogRecordFields, 'truncated'>,
  request: LoggedBody,
  response: LoggedBody,
): Buffer[] {
  const head = Buffer.from(JSON.stringify(fields).slice(0, -1))
  const truncated = [...(request.truncated ? ['request'] : []), ...(response.truncated ? ['response'] : [])]
  const end = truncated.length === 0 ? END : Buffer.from(`,"truncated":${JSON.stringify(truncated)}}\n`)
  return [head, REQUEST, request.json, RESPONSE, response.json, end]
}
