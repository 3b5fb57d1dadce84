import { type Command, Option } from 'commander'
import { printJson } from '../../kit/cli/json-envelope.ts'
import type { Terminal } from '../../kit/cli/terminal.ts'
import type { CommandContext } from '../command-line/context.ts'
import { end, skippedWarning } from '../command-line/ending.ts'
import { addExamples, addOptions, checkDays, DAYS, type Flags, JSON_OUTPUT, OUT } from '../command-line/options.ts'
import { printCsv, printTable, toDocuments } from '../output/query-result.ts'
import type { QueryResult } from '../store/union/union.ts'

interface QueryFlags extends Flags {
  csv?: true
  nl?: true
}

export function addQuery(program: Command, context: CommandContext): void {
  const command = program
    .command('query')
    .description('Run an SQL statement that only reads, over all partitions of the range as if they were one')
    .argument('<sql>', 'over the views requests and request_details')
  addOptions(command, OUT, DAYS).optionsGroup('Output:')
  addOptions(command, JSON_OUTPUT)
    .addOption(new Option('--nl', 'one JSON document per row, for many rows').conflicts('json'))
    .addOption(new Option('--csv', 'comma-separated values').conflicts(['json', 'nl']))
    .action((sql: string, flags: QueryFlags) => run(sql, flags, context))
  addExamples(command, [
    'logdb query "SELECT model_original, COUNT(*), AVG(latency_ms) FROM requests GROUP BY 1" --since 2025-09-01',
    'logdb query --csv "SELECT * FROM request_details" --since 2025-09-15 --to 2025-09-15 > day.csv',
  ])
}

async function run(sql: string, flags: QueryFlags, context: CommandContext): Promise<void> {
  checkDays(flags)
  const { terminal, resolve } = context
  const { out, since, to } = flags
  const { query } = await import('../verbs/query.ts')
  const documents: unknown[] = []
  const use = (result: QueryResult) => {
    if (!flags.json) print(result, flags, terminal)
    else for (const document of toDocuments(result)) documents.push(document)
  }
  const skipped = await query({ out: resolve(out), since, to, sql }, use)
  const warnings = skipped.map(skippedWarning)
  for (const warning of warnings) terminal.err(`${warning}\n`)
  end(context, flags, { verb: 'query', result: documents, warnings, print: () => {} })
}

/** Row by row: a result may be large. */
function print(result: QueryResult, { nl, csv }: QueryFlags, terminal: Terminal): void {
  if (nl) for (const document of toDocuments(result)) printJson(terminal, document)
  else if (csv) printCsv(result, terminal)
  else printTable(result, terminal)
}
