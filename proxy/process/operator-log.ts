import type { FastifyLoggerOptions } from 'fastify'

interface OutputStream {
  isTTY?: boolean
  write: (text: string) => unknown
}

export interface OperatorLogOptions {
  isRelease: boolean
  stdout: OutputStream
  stderr: OutputStream
}

interface LogLine {
  level: number
  msg: string
  error?: string
  err?: { message: string }
}

/** The number of pino's level `warn`. */
const WARN = 40

/**
 * JSON lines on stdout; in a local run on a terminal only warnings and errors, as text on stderr.
 * @param level from LOG_LEVEL; undefined means the usual level of that form
 */
export function operatorLog(
  level: string | undefined,
  { isRelease, stdout, stderr }: OperatorLogOptions,
): FastifyLoggerOptions {
  if (isRelease || !stdout.isTTY) {
    return { level: level ?? 'info', stream: { write: (line) => void stdout.write(line) } }
  }
  const write = (line: string) => void stderr.write(asText(JSON.parse(line)))
  return { level: level ?? 'warn', stream: { write } }
}

function asText({ level, msg, error, err }: LogLine): string {
  const reason = error ?? err?.message
  return `${prefixOf(level)}${msg}${reason ? `: ${reason}` : ''}\n`
}

function prefixOf(level: number): string {
  if (level < WARN) return ''
  return level === WARN ? 'warning: ' : 'error: '
}
