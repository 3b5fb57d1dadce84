/** Where a command runs: here, or on another machine. */
export interface Machine {
  /** For messages; undefined for this machine. */
  readonly host: string | undefined
  /** Runs a command with bytes on its stdin. One that does not succeed is a result. @throws UserError, AbortError */
  run(command: readonly string[], stdin: AsyncIterable<Buffer>): Promise<Ended>
}

export interface Ended {
  /** Null if a signal or the end of the connection ended it. */
  exitCode: number | null
  stdout: string
  stderr: string
}

/** A command line for any shell that may be the login shell of another machine. */
export function commandLine(command: readonly string[]): string {
  return command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
}
