import type { Command } from 'commander'
import type { AuditedSource, AuditReport } from '../audit/audit.ts'
import { printJson, type Terminal } from '../terminal.ts'
import type { CommandContext } from './context.ts'

interface AuditFlags {
  from?: string
  out: string
  deep?: true
  json?: true
}

export function addAudit(program: Command, context: CommandContext): void {
  program
    .command('audit')
    .description('Prove that every byte of every log is accounted for')
    .option('--from <folder>', 'folder of the logs, to name what has not been read yet')
    .option('--out <folder>', 'folder of the log database', 'logs/db')
    .option('--deep', 'compare with the rows in the partitions too')
    .option('--json', 'one JSON document on stdout')
    .action((flags: AuditFlags) => run(flags, context))
}

async function run({ from, out, deep, json }: AuditFlags, context: CommandContext): Promise<void> {
  const { terminal, resolve, exitWith } = context
  const { audit } = await import('../audit/audit.ts')
  const report = await audit({
    out: resolve(out),
    from: from === undefined ? undefined : resolve(from),
    isDeep: deep ?? false,
  })
  const ok = report.sources.every(({ problems }) => problems.length === 0)
  if (json) printJson(terminal, { ok, verb: 'audit', result: toJson(report) })
  else print(report, terminal)
  if (!ok) exitWith(1)
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

function print({ sources, unread }: AuditReport, { out, err }: Terminal): void {
  for (const source of sources) {
    const { path, problems } = source
    const numbers = Object.entries(counts(source)).map(([name, bytes]) => `${name}=${bytes}`)
    out(`${path} ${numbers.join(' ')} ${problems.length === 0 ? 'ok' : 'fail'}\n`)
    for (const problem of problems) err(`${path}: ${problem}\n`)
  }
  for (const { path, bytes } of unread) err(`${path}: ${bytes} bytes are not read yet: logdb ingest\n`)
}
