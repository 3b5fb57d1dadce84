import { spawnSync } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** The terminal of a process, for a command that is to have it for itself. */
export interface RawTerminal {
  /** What is typed. */
  input: Readable
  output: Writable
  /** As in TERM. */
  kind: string
  size(): { columns: number; rows: number }
  /** Each key arrives at once and is not shown by the terminal itself. */
  setRaw(isRaw: boolean): void
  /** @returns ends it */
  onResize(listener: () => void): () => void
}

export function rawTerminal({ stdin, stdout, env }: NodeJS.Process): RawTerminal {
  return {
    input: stdin,
    output: stdout,
    kind: env['TERM'] ?? 'xterm',
    size: () => ({ columns: stdout.columns, rows: stdout.rows }),
    setRaw: (isRaw) => {
      stdin.setRawMode(isRaw)
      // Node's raw mode still adds a carriage return to each line feed, which moves what a full-screen program draws.
      if (isRaw) spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] })
    },
    onResize: (listener) => {
      stdout.on('resize', listener)
      return () => stdout.off('resize', listener)
    },
  }
}
