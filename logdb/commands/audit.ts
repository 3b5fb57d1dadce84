import type { Command } from 'commander'
import { type CommandContext, checkFailed, noteIfEmpty } from '../command-line/context.ts'
import { withOut, withReport } from '../command-line/options.ts'
import { printReport, withoutControls } from '../terminal.ts'
import type { AuditedSource, AuditReport } from '../verbs/audit/audit.ts'

interface AuditFlags {
  from?: string
  out: string
  deep?: true
  json?: true
}

export function addAudit(program: Command, context: CommandContext): void {
  const command = program
    .command('audit')
    .description('Prove that every byte of every log is accounted for')
    .option('--from <folder>', 'folder of the logs, to name what has not been read yet')
  withReport(withOut(command).option('--deep', 'compare with the rows in the partitions too')).action(
    (flags: AuditFlags) => run(flags, context),
  )
}

async function run({ from, out, deep, json }: AuditFlags, context: CommandContext): Promise<void> {
  const { terminal, resolve } = context
  const { audit } = await import('../verbs/audit/audit.ts')
  const report = await audit({
    out: resolve(out),
    from: from === undefined ? undefined : resolve(from),
    isDeep: deep ?? false,
  })
  const ok = report.sources.every(({ problems }) => problems.length === 0)
  if (json) printReport(terminal, { ok, verb: 'audit', result: toJson(report) })
  else print(report, context)
  noteIfEmpty(context, out)
  if (ok) return
  const { controlPath } = await import('../store/control/control.ts')
  const control = controlPath(resolve(out))
  const again = `mv ${control} ${control}.old && logdb ingest`
  checkFailed(
    context,
    `to read all logs again, which doubles nothing: ${again}; then repeat what was forgotten or retained`,
  )
}

function toJson({ sources, unread }: AuditReport) {
  return {
    sources: sources.map((source) => ({ path: source.path, ...counts(source), problems: source.problems })),
    unread,
  }
}

function counts({ offset, booked, pending }: AuditedSource) {
  return { read: offset, ...booked, pending }
}

function print({ sources, unread }: AuditReport, { terminal: { out, err }, note }: CommandContext): void {
  for (const source of sources) {
    const { path, problems } = source
    const numbers = Object.entries(counts(source)).map(([name, bytes]) => `${name}=${bytes}`)
    out(`${withoutControls(path)} ${numbers.join(' ')} ${problems.length === 0 ? 'ok' : 'fail'}\n`)
    for (const problem of problems) err(`${withoutControls(path)}: ${problem}\n`)
  }
  for (const { path, bytes } of unread) note(`${withoutControls(path)}: ${bytes} bytes are not read yet: logdb ingest`)
}
