import type { Terminal } from '../../kit/cli/terminal.ts'
import type { Progress } from '../ingest/passes.ts'
import type { IngestReport } from '../ingest/report.ts'
import type { TransferProgress } from '../transfer/send-files.ts'

const CLEAR_LINE = '\r\u001b[K'
const BYTES_PER_MB = 1_000_000
const S_PER_MINUTE = 60

/** One line on stderr that is updated in place, for terminals only. */
export class StatusLine {
  readonly #terminal: Terminal
  #isShown = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  show(text: string): void {
    const { errColumns, err } = this.#terminal
    err(CLEAR_LINE + text.slice(0, errColumns && errColumns - 1)) // a line that wraps would not be cleared whole
    this.#isShown = true
  }

  clear(): void {
    if (this.#isShown) this.#terminal.err(CLEAR_LINE)
    this.#isShown = false
  }
}

/** How far a run is, how long it will still take and how fast it is; the most important part comes first. */
export function progressLine(report: IngestReport, { doneBytes, totalBytes }: Progress, elapsedS: number): string {
  const rate = doneBytes / Math.max(elapsedS, 1e-3)
  return [...progressOf({ doneBytes, totalBytes }, rate), rowsLine(report)].join(', ')
}

/** The same for a file that is sent. */
export function transferLine({ doneBytes, totalBytes, sentBytes }: TransferProgress, elapsedS: number): string {
  return progressOf({ doneBytes, totalBytes }, sentBytes / Math.max(elapsedS, 1e-3)).join(', ')
}

/** @param rate bytes per second */
function progressOf({ doneBytes, totalBytes }: Progress, rate: number): string[] {
  const total = Math.max(totalBytes, doneBytes)
  const parts = [`${total > 0 ? Math.floor((100 * doneBytes) / total) : 100} %`]
  if (doneBytes < total && rate > 0) parts.push(`${duration((total - doneBytes) / rate)} left`)
  return [...parts, `${megabytes(rate)} MB/s`, `${megabytes(doneBytes)} of ${megabytes(total)} MB`]
}

/** What has been read so far. */
export function rowsLine({ rowsInserted, recordsQuarantined }: IngestReport): string {
  return `${rowsInserted} rows${recordsQuarantined > 0 ? `, ${recordsQuarantined} not readable` : ''}`
}

function megabytes(bytes: number): string {
  return (bytes / BYTES_PER_MB).toFixed(1)
}

/** `1:05`. */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds)
  return `${Math.floor(whole / S_PER_MINUTE)}:${String(whole % S_PER_MINUTE).padStart(2, '0')}`
}
