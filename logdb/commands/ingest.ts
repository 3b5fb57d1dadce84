import type { Command } from 'commander'
import { type CommandContext, NOTHING_CHANGED, reportDisabled } from '../command-line/context.ts'
import { checkDays, type DayOptions, withDays, withOut, withReport, withWait } from '../command-line/options.ts'
import type { IngestOptions } from '../ingest/passes.ts'
import type { IngestReport } from '../ingest/report.ts'
import { progressLine, rowsLine, StatusLine } from '../output/status-line.ts'
import { printReport, type Terminal, withoutControls } from '../terminal.ts'

const EXIT_QUARANTINED = 3

interface IngestFlags extends DayOptions {
  from: string
  out: string
  follow?: true
  /** Milliseconds. */
  wait?: number
  strict?: true
  dryRun?: true
  json?: true
}

export function addIngest(program: Command, context: CommandContext): void {
  const command = program
    .command('ingest')
    .description('Read what is new in the logs into the log database')
    .option('--from <folder>', 'folder of the logs', 'logs')
  const following = withWait(withDays(withOut(command)))
    .option('--follow', 'go on with what is written to the logs, until Ctrl-C')
    .option('--dry-run', 'change nothing, only name the logs with bytes that are not read yet')
    .option('--strict', `exit ${EXIT_QUARANTINED} if a record or a file could not be read`)
  withReport(following)
    .addHelpText('after', '\nRecords outside --since and --to are left for a later run.')
    .action((flags: IngestFlags) => run(flags, context))
}

const ingest = async (options: IngestOptions) => (await import('../ingest/run.ts')).ingest(options)
const follow = async (options: IngestOptions & { signal: AbortSignal }) =>
  (await import('../ingest/follow.ts')).follow(options)

async function run(flags: IngestFlags, context: CommandContext): Promise<void> {
  const { terminal, resolve, exitWith } = context
  checkDays(flags)
  const settings = context.settings()
  if (!settings.isEnabled) {
    return reportDisabled(context, { verb: 'ingest', line: 'Ingest disabled by LOGDB_ENABLED', json: flags.json })
  }
  if (flags.dryRun) return showUnread(flags, context)
  const line = new StatusLine(terminal)
  const options = {
    from: resolve(flags.from),
    out: resolve(flags.out),
    since: flags.since,
    to: flags.to,
    waitMs: flags.wait,
    settings,
    signal: terminal.signal,
    onProgress: terminal.isErrTTY ? showOn(line, flags) : undefined,
  }
  const report = await (flags.follow ? follow : ingest)(options).finally(() => line.clear())
  const warnings = troubles(report)
  if (flags.json) printReport(terminal, { verb: 'ingest', isDryRun: false, result: toJson(report), warnings })
  else printLines(terminal, report)
  if (report.recordsFiltered > 0) {
    context.note(`${report.recordsFiltered} records outside --since and --to are left for a later run`)
  }
  for (const warning of warnings) terminal.err(`${withoutControls(warning)}\n`)
  if (flags.strict && report.recordsQuarantined + report.unreadable.length > 0) exitWith(EXIT_QUARANTINED)
}

async function showUnread(
  { from, out, json }: IngestFlags,
  { terminal, resolve, note }: CommandContext,
): Promise<void> {
  const { audit } = await import('../verbs/audit/audit.ts')
  const { unread } = await audit({ out: resolve(out), from: resolve(from), isDeep: false })
  if (json) printReport(terminal, { verb: 'ingest', isDryRun: true, result: { unread } })
  else for (const { path, bytes } of unread) terminal.out(`${path} unread=${bytes}\n`)
  note(NOTHING_CHANGED)
}

/** Of a run that has no end only the rows are told. */
function showOn(line: StatusLine, { follow }: IngestFlags): NonNullable<IngestOptions['onProgress']> {
  const startedMs = performance.now()
  return (report, progress) => {
    const elapsedS = (performance.now() - startedMs) / 1000
    line.show(follow ? rowsLine(report) : progressLine(report, progress, elapsedS))
  }
}

/** The predecessor's two lines. */
function printLines(terminal: Terminal, report: IngestReport): void {
  const { rowsInserted } = report
  const elapsedS = elapsedSeconds(report)
  const rate = (rowsInserted / elapsedS).toFixed(1)
  const counts = Object.entries(countsOf(report)).map(([name, count]) => `"${name}": ${count}`)
  terminal.out(`ingest_elapsed_s=${elapsedS.toFixed(3)} rows_inserted=${rowsInserted} rps=${rate}\n`)
  terminal.out(`{${counts.join(', ')}}\n`)
}

const elapsedSeconds = ({ elapsedMs }: IngestReport) => Math.max(elapsedMs / 1000, 1e-6)

/** What the predecessor counts, in its order. */
function countsOf(report: IngestReport) {
  return {
    files_scanned: report.filesScanned,
    files_ingested: report.filesIngested,
    rows_inserted: report.rowsInserted,
    rows_skipped: report.rowsDuplicate + report.recordsQuarantined,
  }
}

function toJson(report: IngestReport) {
  return {
    ...countsOf(report),
    rows_duplicate: report.rowsDuplicate,
    records_filtered: report.recordsFiltered,
    records_quarantined: report.recordsQuarantined,
    quarantined: report.quarantined,
    unreadable: report.unreadable,
    unsealed: report.unsealed,
    bytes_read: report.bytesRead,
    bytes_pending: report.bytesPending,
    elapsed_s: elapsedSeconds(report),
    interrupted: report.isInterrupted,
  }
}

function troubles(report: IngestReport): string[] {
  const { recordsQuarantined, quarantined, unreadable, unsealed, isInterrupted } = report
  const found = unreadable.map(({ path, reason }) => `not read: ${path}: ${reason}`)
  found.push(...unsealed.map((path) => `records came late, or again, for ${path}, which is no longer sealed`))
  if (recordsQuarantined > 0) {
    found.push(`${recordsQuarantined} records could not be read; logdb errors lists them:`)
    found.push(
      ...quarantined.map(({ path, offset, length, reason }) => {
        return `  ${path} at byte ${offset} (${length} bytes): ${reason}`
      }),
    )
    if (quarantined.length < recordsQuarantined) found.push('  ...')
  }
  if (isInterrupted) found.push('interrupted; everything up to here is stored, the next run goes on from here')
  return found
}
