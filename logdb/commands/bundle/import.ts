import type { Command } from 'commander'
import type { ImportReport } from '../../bundle/import/import-report.ts'
import { type CommandContext, changeOf } from '../../command-line/context.ts'
import { end } from '../../command-line/ending.ts'
import { addExamples, addOptions, DRY_RUN, REPORT, WAIT } from '../../command-line/options.ts'
import { PROTECTION, type ProtectionFlags, protectedBundle } from '../../command-line/protection.ts'
import { logdbError } from '../../error-table.ts'

interface ImportFlags extends ProtectionFlags {
  dest: string
}

const MOST_SHOWN = 20

export function addBundleImport(bundle: Command, context: CommandContext): void {
  const command = bundle
    .command('import')
    .description('Add the requests of a bundle to a log database')
    .argument('<file>', 'path of the bundle')
    .option('--dest <folder>', 'folder of the log database', 'logs/db')
  addOptions(command, PROTECTION, WAIT, DRY_RUN, REPORT).action((file: string, flags: ImportFlags) =>
    run(file, flags, context),
  )
  addExamples(command, ['logdb bundle import week.tgz --dest logs/db'])
}

async function run(file: string, flags: ImportFlags, context: CommandContext): Promise<void> {
  const { importBundle } = await import('../../bundle/import/import-bundle.ts')
  const change = changeOf({ ...flags, out: flags.dest }, context)
  const report = await importBundle({
    ...change,
    bundle: protectedBundle(file, flags, context),
    settings: context.settings(),
  })
  end(context, flags, {
    verb: 'bundle import',
    isDryRun: change.isDryRun,
    result: toJson(report),
    print: () => print(report, context),
    notes: report.unsealed.map((path) => `${path} has new requests and is no longer sealed`),
    failure: report.conflicting.length > 0 ? conflict(report) : undefined,
  })
}

function toJson({ tooOld, ...counts }: ImportReport) {
  return { ...counts, too_old: tooOld }
}

function print(report: ImportReport, { terminal }: CommandContext): void {
  const { imported, identical, conflicting, forgotten, tooOld, removed } = report
  const skipped = identical + conflicting.length + forgotten + tooOld
  terminal.out(`imported=${imported} skipped=${skipped}\n`)
  const counts = { identical, conflicting: conflicting.length, forgotten, too_old: tooOld, removed }
  terminal.out(
    `${Object.entries(counts)
      .map(([name, count]) => `${name}=${count}`)
      .join(' ')}\n`,
  )
  for (const id of conflicting.slice(0, MOST_SHOWN)) terminal.err(`conflicting: ${id}\n`)
}

function conflict({ conflicting }: ImportReport) {
  const message = `${conflicting.length} requests are stored with another content than in the bundle`
  return logdbError('BUNDLE_CONFLICT', message, 'compare them with: logdb show ID; what is stored was not changed')
}
