import { createColors } from 'picocolors'
import type { Environment } from '../settings/environment.ts'
import type { RawTerminal } from './raw-terminal.ts'

/** What a command may touch of the process that it runs in. */
export interface Terminal {
  /** Data, on stdout. */
  out(text: string): void
  /** Resolves when stdout takes more data: a slow reader must not make the program keep everything. At once if it does now. */
  untilOutIsRead(): Promise<void>
  /** Everything else, on stderr. */
  err(text: string): void
  isInTty: boolean
  isOutTty: boolean
  isErrTty: boolean
  /** Width of stdout in characters, if it is a terminal. */
  readonly outColumns: number | undefined
  /** Width of stderr in characters, if it is a terminal. */
  readonly errColumns: number | undefined
  /** The terminal itself; only where stdin and stdout are one. */
  raw(): RawTerminal
  /** Shows data in the user's pager, or prints it if there is none. Only for a terminal. */
  page(text: string): void
  /** All of stdin, to its end. */
  readIn(): Promise<Buffer>
  cwd: string
  /** The real environment, without .env. */
  env: Environment
  /** Aborted when the user wants the program to stop. If nothing reads it, the signal ends the process. */
  readonly signal: AbortSignal
}

export type Colors = ReturnType<typeof createColors>

/** True if the user can be asked: questions are shown on stderr and answered on stdin. */
export function canAsk({ isInTty, isErrTty }: Terminal): boolean {
  return isInTty && isErrTty
}

/** Colours for data; none unless stdout is a terminal. */
export function outColors({ isOutTty, env }: Terminal): Colors {
  return createColors(isOutTty && !env['NO_COLOR'])
}

/** Colours for messages; none unless stderr is a terminal. */
export function errColors({ isErrTty, env }: Terminal): Colors {
  return createColors(isErrTty && !env['NO_COLOR'])
}

/** Control characters, and those that turn the direction of writing. */
const CONTROLS = /[\p{Cc}\u202A-\u202E\u2066-\u2069]+/gu

/** The same without tab and line feed. */
const CONTROLS_EXCEPT_LAYOUT = /(?![\t\n])[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu

/** Makes a text from a log safe to print: it must not move the cursor of the terminal that shows it. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, ' ')
}

/** The same for a text of several lines. */
export function linesWithoutControls(text: string): string {
  return text.replace(CONTROLS_EXCEPT_LAYOUT, ' ')
}
