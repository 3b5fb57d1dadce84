import type { Progress } from '../ingest/ingester.ts'
import type { IngestReport } from '../ingest/report.ts'
import type { Terminal } from '../terminal.ts'

const CLEAR_LINE = '\r\u001b[K'
const BYTES_PER_MB = 1_000_000
const S_PER_MINUTE = 60

/** One line on stderr, for terminals: how far a run is, how fast, and how long it will still take. */
export class ProgressLine {
  readonly #terminal: Terminal
  readonly #startedMs = performance.now()
  #isShown = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  update(report: IngestReport, progress: Progress): void {
    const { errColumns, err } = this.#terminal
    const line = progressLine(report, progress, (performance.now() - this.#startedMs) / 1000)
    err(CLEAR_LINE + line.slice(0, errColumns && errColumns - 1)) // a line that wraps would not be cleared whole
    this.#isShown = true
  }

  clear(): void {
    if (this.#isShown) this.#terminal.err(CLEAR_LINE)
    this.#isShown = false
  }
}

export function progressLine(report: IngestReport, { doneBytes, totalBytes }: Progress, elapsedS: number): string {
  const total = Math.max(totalBytes, doneBytes)
  const rate = doneBytes / Math.max(elapsedS, 1e-3)
  const parts = [
    `${total > 0 ? Math.floor((100 * doneBytes) / total) : 100} %`,
    `${megabytes(doneBytes)} of ${megabytes(total)} MB`,
    `${megabytes(rate)} MB/s`,
    `${report.rowsInserted} rows`,
  ]
  if (report.recordsQuarantined > 0) parts.push(`${report.recordsQuarantined} not readable`)
  if (doneBytes < total && rate > 0) parts.push(`${duration((total - doneBytes) / rate)} left`)
  return parts.join(', ')
}

const megabytes = (bytes: number) => (bytes / BYTES_PER_MB).toFixed(1)

/** `1:05`. */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds)
  return `${Math.floor(whole / S_PER_MINUTE)}:${String(whole % S_PER_MINUTE).padStart(2, '0')}`
}
