import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CommandContext } from '../command-line/context.ts'
import { end, noteIfEmpty } from '../command-line/ending.ts'
import { preferLittleMemory } from '../command-line/little-memory.ts'
import { addExamples, addOptions, checkDays, DAYS, type Flags, OUT, REPORT, WAIT } from '../command-line/options.ts'
import { foreignWarning, skipping } from '../command-line/skipped-partitions.ts'
import { counted } from '../counted.ts'
import { logdbError } from '../error-table.ts'
import type { ExportTable } from '../store/export/columns.ts'
import type { ExportResult } from '../verbs/export/export.ts'
import type { ExportFormat } from '../verbs/export/row-writers.ts'
import type { CheckedFile } from '../verbs/export/verify-export.ts'

const FORMATS: readonly ExportFormat[] = ['jsonl', 'parquet', 'csv']
const TABLES: readonly ExportTable[] = ['requests', 'messages', 'texts']

interface ExportFlags extends Flags {
  dest: string
  format?: ExportFormat
  table?: ExportTable[]
  verify?: true
}

export function addExport(program: Command, context: CommandContext): void {
  const command = program
    .command('export')
    .description('Write a file for each day and table, for DuckDB, pandas and other tools')
    .optionsGroup('What to export:')
  addOptions(command, OUT, DAYS)
    .addOption(
      new Option('--table <tables>', 'requests (default), messages, texts; or several with commas').argParser(
        parseTables,
      ),
    )
    .optionsGroup('Where to:')
    .option('--dest <folder>', 'folder of the export', 'logs/export')
    .addOption(new Option('--format <format>', 'kind of the files (default: jsonl)').choices(FORMATS))
    .option('--verify', 'write nothing; compare the export with its manifest and with the database')
    .optionsGroup('Options:')
  addOptions(command, WAIT, REPORT)
    .addHelpText(
      'after',
      '\nA day that has not changed is not written again.\nErased requests are in files of the table erased.',
    )
    .action((flags: ExportFlags) => (flags.verify ? verify(flags, context) : run(flags, context)))
  addExamples(command, [
    'logdb export --format parquet --since 7d',
    'logdb export --verify',
    `duckdb -c "SELECT model_original, count(*) FROM 'logs/export/requests/*.parquet' GROUP BY 1"`,
  ])
}

function parseTables(text: string): ExportTable[] {
  return text.split(',').map((word) => {
    const table = TABLES.find((one) => one === word.trim())
    if (!table) throw new InvalidArgumentError(`expected some of ${TABLES.join(', ')}.`)
    return table
  })
}

async function run(flags: ExportFlags, context: CommandContext): Promise<void> {
  checkDays(flags)
  const { terminal, resolve } = context
  const { since, to, wait, format = 'jsonl', table = ['requests'] } = flags
  const [out, dest] = [resolve(flags.out), resolve(flags.dest)]
  preferLittleMemory()
  const { exportDays } = await import('../verbs/export/export.ts')
  const { files, leftOut, damaged } = await exportDays({ out, dest, since, to, format, tables: table, waitMs: wait })
  const { warnings, failure } = skipping(damaged, terminal, leftOut.map(foreignWarning))
  end(context, flags, {
    verb: 'export',
    result: { folder: dest, files: files.map(exportedJson) },
    warnings,
    failure,
    print: () => {
      for (const { path, rows, isUnchanged } of files) {
        terminal.out(`${dest}/${path} rows=${rows}${isUnchanged ? ' unchanged' : ''}\n`)
      }
    },
    notes: noteIfEmpty(context, flags.out),
  })
}

function exportedJson({ sources: _, isUnchanged, ...file }: ExportResult) {
  return { ...file, unchanged: isUnchanged }
}

async function verify(flags: ExportFlags, context: CommandContext): Promise<void> {
  checkDays(flags)
  const { terminal, resolve } = context
  const { since, to, format, table } = flags
  const [out, dest] = [resolve(flags.out), resolve(flags.dest)]
  preferLittleMemory()
  const { verifyExport } = await import('../verbs/export/verify-export.ts')
  const { files, damaged } = await verifyExport({ out, dest, since, to, format, tables: table && [...table, 'erased'] })
  const { warnings, failure } = skipping(damaged, terminal)
  end(context, flags, {
    verb: 'export',
    result: { folder: dest, files: files.map(checkedJson) },
    warnings,
    failure: failureOf(files, dest) ?? failure,
    print: () => {
      for (const file of files) terminal.out(`${dest}/${file.path} ${stateOf(file)}\n`)
    },
  })
}

function checkedJson({ path, rows, problem, isRetained = false }: CheckedFile) {
  return { path, rows, problem: problem ?? null, retained: isRetained }
}

function stateOf({ rows, problem, isRetained }: CheckedFile): string {
  if (problem !== undefined) return problem
  return `ok rows=${rows}${isRetained ? ' (no longer in the database)' : ''}`
}

function failureOf(files: readonly CheckedFile[], dest: string) {
  if (files.length === 0) {
    return logdbError(
      'EXPORT_DIFFERS',
      `${dest} has no exported file of these days`,
      'run: logdb export, or give --dest',
    )
  }
  const wrong = files.filter(({ problem }) => problem !== undefined)
  if (wrong.length === 0) return undefined
  const message = `${wrong.length} of ${counted(files.length, 'files')} ${wrong.length === 1 ? 'is' : 'are'} not as the manifest and the database say`
  return logdbError(
    'EXPORT_DIFFERS',
    message,
    'delete the files that are named, and run: logdb export with the same options',
  )
}
