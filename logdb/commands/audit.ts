import type { Command } from 'commander'
import { withoutControls } from '../../kit/cli/terminal.ts'
import type { CommandContext } from '../command-line/context.ts'
import { end, noteIfEmpty } from '../command-line/ending.ts'
import { goneNote, incompleteNote, lostNote } from '../command-line/log-notes.ts'
import { addExamples, addOptions, type Flags, OUT, REPORT } from '../command-line/options.ts'
import { counted } from '../counted.ts'
import { logdbError } from '../error-table.ts'
import type { AuditedSource, AuditReport } from '../verbs/audit/audit.ts'

interface AuditFlags extends Flags {
  from?: string
  deep?: true
}

export function addAudit(program: Command, context: CommandContext): void {
  const command = program
    .command('audit')
    .description('Prove that every byte of every log is accounted for')
    .option('--from <folder>', 'folder of the logs, to show what has not been read yet')
  addOptions(command, OUT).option('--deep', 'compare with the rows in the partitions too')
  addOptions(command, REPORT).action((flags: AuditFlags) => run(flags, context))
  addExamples(command, ['logdb audit --deep --from logs'])
}

async function run(flags: AuditFlags, context: CommandContext): Promise<void> {
  const { out, from, deep } = flags
  const { resolve } = context
  const { audit } = await import('../verbs/audit/audit.ts')
  const report = await audit({
    out: resolve(out),
    from: from === undefined ? undefined : resolve(from),
    isDeep: deep ?? false,
  })
  const wrong = report.sources.filter(({ problems }) => problems.length > 0).length
  end(context, flags, {
    verb: 'audit',
    result: toJson(report),
    print: () => print(report, context),
    notes: [...(flags.json ? [] : notesOf(report)), ...noteIfEmpty(context, out)],
    failure: wrong + report.lost.length > 0 ? await auditFailed(wrong, report.lost, resolve(out)) : undefined,
  })
}

function notesOf({ sources, unread, incomplete, ignored, gone }: AuditReport): string[] {
  return [
    ...unread.map(({ path, bytes }) => `${path}: ${bytes} bytes are not read yet: logdb ingest`),
    ...incomplete.map(incompleteNote),
    ...ignored.map(({ path, reason }) => `${path} is not read: ${reason}`),
    ...gone.map(goneNote),
    ...sources.filter(({ retainedBytes }) => retainedBytes > 0).map(retainedNote),
  ].map(withoutControls)
}

function retainedNote({ path, retainedBytes }: AuditedSource): string {
  return `${path}: ${retainedBytes} bytes are left out, because logdb retain does not keep their days`
}

async function auditFailed(wrong: number, lost: AuditReport['lost'], base: string) {
  if (wrong === 0) {
    const hint =
      'restore them from a backup, or run: logdb reapply && logdb ingest, which reads their logs again where they still exist'
    return logdbError(
      'AUDIT_FAILED',
      `${counted(lost.length, 'partitions with rows are', 'partition with rows is')} gone, empty or damaged`,
      hint,
    )
  }
  const { controlPath } = await import('../store/control/open-control.ts')
  const control = controlPath(base)
  const hint = `to read all logs again, which doubles nothing, run: mv ${control} ${control}.old && logdb ingest; then repeat what was forgotten or retained`
  return logdbError('AUDIT_FAILED', `the bytes of ${counted(wrong, 'logs')} do not add up`, hint)
}

function toJson({ sources, ...notes }: AuditReport) {
  return {
    sources: sources.map((source) => ({ path: source.path, ...counts(source), problems: source.problems })),
    ...notes,
  }
}

function counts({ offset, booked, pending, retainedBytes }: AuditedSource) {
  return { read: offset, ...booked, pending, ...(retainedBytes > 0 ? { retained: retainedBytes } : {}) }
}

function print({ sources, lost }: AuditReport, { terminal: { out, err } }: CommandContext): void {
  for (const partition of lost) err(`${withoutControls(lostNote(partition))}\n`)
  for (const source of sources) {
    const { path, problems } = source
    const numbers = Object.entries(counts(source)).map(([name, bytes]) => `${name}=${bytes}`)
    out(`${withoutControls(path)} ${numbers.join(' ')} ${problems.length === 0 ? 'ok' : 'fail'}\n`)
    for (const problem of problems) err(`${withoutControls(path)}: ${problem}\n`)
  }
}
