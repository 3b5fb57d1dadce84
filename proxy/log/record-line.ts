import type { LogRecordFields } from '../../kit/log-record.ts'
import type { LoggedBody } from './body.ts'

/** One line of the log, in pieces; the bytes of both bodies are used unchanged. */
export function recordLine(
  fields: Omit<LogRecordFields, 'truncated'>,
  request: LoggedBody,
  response: LoggedBody,
): (string | Buffer)[] {
  const isCut = request.truncated || response.truncated
  const end = isCut ? `,"truncated":${JSON.stringify(truncatedBodies(request, response))}}\n` : '}\n'
  const head = JSON.stringify(fields).slice(0, -1)
  return [`${head},"request":`, request.json, ',"response":', response.json, end]
}

function truncatedBodies(request: LoggedBody, response: LoggedBody): string[] {
  return [...(request.truncated ? ['request'] : []), ...(response.truncated ? ['response'] : [])]
}
