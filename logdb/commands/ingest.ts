import type { Command } from 'commander'
import { type Terminal, withoutControls } from '../../kit/cli/terminal.ts'
import type { CommandContext } from '../command-line/context.ts'
import { end, endDisabled } from '../command-line/ending.ts'
import { goneNote, incompleteNote, lostNote } from '../command-line/log-notes.ts'
import { addExamples, addOptions, checkDays, DAYS, type Flags, OUT, REPORT, WAIT } from '../command-line/options.ts'
import { counted } from '../counted.ts'
import { LOGDB_ERRORS, logdbError } from '../error-table.ts'
import type { FollowOptions } from '../follow/follow.ts'
import type { IngestOptions } from '../ingest/passes.ts'
import { countsOf, elapsedSeconds, type IngestReport, speedLine } from '../ingest/report.ts'
import { progressLine, rowsLine, StatusLine } from '../output/status-line.ts'

const EXIT_STRICT = LOGDB_ERRORS.RECORDS_UNREADABLE.exitCode

interface IngestFlags extends Flags {
  from: string
  bundles: string
  follow?: true
  strict?: true
}

export function addIngest(program: Command, context: CommandContext): void {
  const command = program
    .command('ingest')
    .description('Read what is new in the logs into the log database')
    .optionsGroup('What to read:')
    .option('--from <folder>', 'folder of the logs', 'logs')
  addOptions(command, OUT, DAYS)
    .option('--follow', 'keep reading new records until Ctrl-C, and take jobs')
    .option('--bundles <folder>', 'folder of the bundles that jobs make', 'bundles')
    .optionsGroup('Options:')
  addOptions(command, WAIT)
    .option('--dry-run', 'change nothing, only name the logs with bytes that are not read yet')
    .option('--strict', `exit ${EXIT_STRICT} if a record or a file could not be read`)
  addOptions(command, REPORT)
    .addHelpText('after', '\nRecords outside --since and --to are left for a later run.')
    .action((flags: IngestFlags) => run(flags, context))
  addExamples(command, ['logdb ingest --from /var/log/ai-proxy', 'logdb ingest --quiet   # for cron'])
}

async function ingest(options: IngestOptions): Promise<IngestReport> {
  const { ingest: readOnce } = await import('../ingest/run.ts')
  return readOnce(options)
}

async function follow(options: FollowOptions): Promise<IngestReport> {
  const { follow: readOn } = await import('../follow/follow.ts')
  return readOn(options)
}

async function run(flags: IngestFlags, context: CommandContext): Promise<void> {
  checkDays(flags)
  const settings = context.settings()
  const verb = 'ingest'
  if (!settings.isEnabled) return endDisabled(context, flags, { verb, line: 'Ingest disabled by LOGDB_ENABLED' })
  if (flags.dryRun) return showUnread(flags, context)
  const { terminal } = context
  const report = await read(flags, context)
  const warnings = problemsIn(report)
  for (const warning of warnings) terminal.err(`${withoutControls(warning)}\n`)
  end(context, flags, {
    verb,
    isDryRun: false,
    result: toJson(report),
    warnings,
    print: () => printLines(terminal, report),
    notes: notesOf(report),
    failure: flags.strict ? failureOf(report) : undefined,
  })
}

async function read(flags: IngestFlags, { terminal, resolve, settings, note }: CommandContext): Promise<IngestReport> {
  const line = new StatusLine(terminal)
  const options = {
    from: resolve(flags.from),
    out: resolve(flags.out),
    since: flags.since,
    to: flags.to,
    waitMs: flags.wait,
    settings: settings(),
    signal: terminal.signal,
    onProgress: terminal.isErrTty ? showOn(line, flags) : undefined,
  }
  const bundles = resolve(flags.bundles)
  const onProblem = ({ message }: Error) => note(`no jobs are taken: ${withoutControls(message)}`)
  return (flags.follow ? follow({ ...options, bundles, onProblem }) : ingest(options)).finally(() => line.clear())
}

async function showUnread(flags: IngestFlags, context: CommandContext): Promise<void> {
  const { from, out } = flags
  const { resolve, terminal } = context
  const { audit } = await import('../verbs/audit/audit.ts')
  const report = await audit({ out: resolve(out), from: resolve(from), isDeep: false })
  const { unread, incomplete, ignored, gone, sources } = report
  const print = () => {
    for (const { path, bytes } of unread) terminal.out(`${path} unread=${bytes}\n`)
  }
  const retainedBytes = sources.reduce((sum, source) => sum + source.retainedBytes, 0)
  const notes = [
    ...incomplete.map(incompleteNote),
    ...ignored.map(({ path, reason }) => `${path} is not read: ${reason}`),
    ...gone.map(goneNote),
    ...(retainedBytes > 0
      ? [`${retainedBytes} bytes are left out, because logdb retain does not keep their days`]
      : []),
  ].map(withoutControls)
  const result = { unread, incomplete, ignored, gone, retained_bytes: retainedBytes }
  end(context, flags, { verb: 'ingest', isDryRun: true, result, print, notes })
}

/** A run without an end shows only how many rows it has written. */
function showOn(line: StatusLine, { follow: isEndless }: IngestFlags): NonNullable<IngestOptions['onProgress']> {
  const startedMs = performance.now()
  return (report, progress) => {
    const elapsedS = (performance.now() - startedMs) / 1000
    line.show(isEndless ? rowsLine(report) : progressLine(report, progress, elapsedS))
  }
}

/** The predecessor's two lines. */
function printLines(terminal: Terminal, report: IngestReport): void {
  const counts = Object.entries(allCountsOf(report)).map(([name, count]) => `"${name}": ${count}`)
  terminal.out(`${speedLine(report)}\n`)
  terminal.out(`{${counts.join(', ')}}\n`)
}

/** The counts of the predecessor, in its order. */
function allCountsOf(report: IngestReport) {
  return { files_scanned: report.filesScanned, ...countsOf(report) }
}

function toJson(report: IngestReport) {
  return {
    ...allCountsOf(report),
    rows_duplicate: report.rowsDuplicate,
    records_filtered: report.recordsFiltered,
    records_retained: report.recordsRetained,
    rows_restored: report.rowsRestored,
    records_quarantined: report.recordsQuarantined,
    quarantined: report.quarantined,
    unreadable: report.unreadable,
    unsealed: report.unsealed,
    bytes_read: report.bytesRead,
    bytes_pending: report.bytesPending,
    incomplete: report.incomplete,
    lost: report.lost,
    gone: report.gone,
    elapsed_s: elapsedSeconds(report),
    interrupted: report.isInterrupted,
  }
}

function problemsIn(report: IngestReport): string[] {
  const { recordsQuarantined, quarantined, unreadable, unsealed, lost, isInterrupted } = report
  const found = unreadable.map(({ path, reason }) => `not read: ${path}: ${reason}`)
  found.push(...unsealed.map((path) => `records came late, or again, for ${path}, which is no longer sealed`))
  found.push(...lost.map(lostNote))
  if (recordsQuarantined > 0) {
    found.push(`${counted(recordsQuarantined, 'records')} could not be read; logdb errors lists them:`)
    found.push(
      ...quarantined.map(({ path, offset, length, reason }) => {
        return `  ${path} at byte ${offset} (${length} bytes): ${reason}`
      }),
    )
    if (quarantined.length < recordsQuarantined) found.push('  ...')
  }
  if (isInterrupted) found.push('interrupted; everything up to here is stored, the next run resumes here')
  return found
}

function notesOf(report: IngestReport): string[] {
  const { recordsFiltered, recordsRetained, rowsRestored, incomplete, gone } = report
  const counts: [count: number, several: string, one: string][] = [
    [
      recordsFiltered,
      'records outside --since and --to are left for a later run',
      'record outside --since and --to is left for a later run',
    ],
    [
      recordsRetained,
      'records are left out, because logdb retain does not keep their days',
      'record is left out, because logdb retain does not keep its day',
    ],
    [rowsRestored, 'requests have their bodies again', 'request has its bodies again'],
  ]
  const notes = counts.filter(([count]) => count > 0).map((count) => counted(...count))
  return [...notes, ...incomplete.map(incompleteNote), ...gone.map(goneNote)].map(withoutControls)
}

function failureOf({ recordsQuarantined, unreadable }: IngestReport) {
  if (recordsQuarantined + unreadable.length === 0) return undefined
  const message = `${counted(recordsQuarantined, 'records')} and ${counted(unreadable.length, 'files')} could not be read`
  return logdbError('RECORDS_UNREADABLE', message, 'run: logdb errors; everything else is stored')
}
