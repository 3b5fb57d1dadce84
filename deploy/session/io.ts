/** What a command may write to. Data goes to `out`, everything else to `err`. */
export interface Io {
  out(line: string): void
  err(line: string): void
  /** Progress may be drawn and questions asked. */
  isTty: boolean
}

export interface Interrupts {
  signal: AbortSignal
  /** While true, an interrupt aborts the signal instead of ending the process. */
  isChanging: boolean
}
