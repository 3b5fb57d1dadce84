import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type ApiProblem, errorJson, problems } from '../problems.ts'
import { newRequestId } from './request-id.ts'

const STATUS_OF_CODE: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

/** Answers bytes that are not a valid HTTP request; only the connection is left to write to. */
export function answerMalformedRequests(release: string, onProblem: (problem: ApiProblem) => void) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    // An answer that has begun must not get an error in its middle. Node keeps it here.
    const running = (socket as Socket & { _httpMessage?: ServerResponse })._httpMessage
    if (running?.headersSent) {
      socket.destroy()
      return
    }
    const status = STATUS_OF_CODE[error.code ?? ''] ?? 400
    const problem = problems.badHttp(STATUS_CODES[status] ?? 'Bad Request')
    onProblem(problem)
    const body = errorJson(problem)
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${newRequestId()}`,
      `x-ai-proxy-release: ${release}`,
      'connection: close',
    ]
    if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
    socket.destroySoon()
  }
}
