import type { FastifyLoggerOptions } from 'fastify'

interface Terminal {
  isTTY?: boolean
  write: (text: string) => unknown
}

/** pino's numbers for levels. */
const WARN = 40

/**
 * JSON lines on stdout; in a local run on a terminal only warnings and errors, in words, on stderr. LOG_LEVEL decides
 * in both.
 */
export function operatorLog(
  level: string | undefined,
  { isRelease, stdout, stderr }: { isRelease: boolean; stdout: Terminal; stderr: Terminal },
): FastifyLoggerOptions {
  if (isRelease || !stdout.isTTY)
    return { level: level ?? 'info', stream: { write: (line) => void stdout.write(line) } }
  const write = (line: string) => {
    const { level: number, msg, error, err }: LogLine = JSON.parse(line)
    const kind = number >= WARN ? (number > WARN ? 'error: ' : 'warning: ') : ''
    const reason = error ?? err?.message
    stderr.write(`${kind}${msg}${reason ? `: ${reason}` : ''}\n`)
  }
  return { level: level ?? 'warn', stream: { write } }
}

interface LogLine {
  level: number
  msg: string
  error?: string
  err?: { message: string }
}
