import { type Command, Option } from 'commander'
import { printJson } from '../../kit/cli/json-envelope.ts'
import type { Terminal } from '../../kit/cli/terminal.ts'
import type { CommandContext } from '../command-line/context.ts'
import { end } from '../command-line/ending.ts'
import { addExamples, addOptions, checkDays, type Flags, JSON_OUTPUT, OUT, TIMES } from '../command-line/options.ts'
import { foreignWarning, skipping } from '../command-line/skipped-partitions.ts'
import { logdbError } from '../error-table.ts'
import { printCsv, printTable, toDocuments } from '../output/query-result.ts'
import type { QueryResult } from '../store/union/union.ts'

/** In characters of its texts. */
const MAX_DOCUMENT_LENGTH = 64 * 1024 * 1024

interface QueryFlags extends Flags {
  csv?: true
  nl?: true
}

export function addQuery(program: Command, context: CommandContext): void {
  const command = program
    .command('query')
    .description('Run an SQL statement that only reads, over all partitions of the range as if they were one')
    .argument('<sql>', 'over the views requests and request_details')
  addOptions(command, OUT, TIMES).optionsGroup('Output:')
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
  const use = async (result: QueryResult) => {
    if (!flags.json) await print(result, flags, terminal)
    else for (const document of toDocuments(limited(result))) documents.push(document)
  }
  const { skipped, damaged } = await query({ out: resolve(out), since, to, sql }, use)
  const { warnings, failure } = skipping(damaged, terminal, skipped.map(foreignWarning))
  end(context, flags, { verb: 'query', result: documents, warnings, print: () => {}, failure })
}

/** One document must fit into memory. @throws UserError QUERY_INVALID */
function limited({ columns, rows }: QueryResult): QueryResult {
  return { columns, rows: limitedRows(rows) }
}

function* limitedRows(rows: QueryResult['rows']): Generator<unknown[]> {
  let length = 0
  for (const row of rows) {
    for (const value of row) length += typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 0
    if (length > MAX_DOCUMENT_LENGTH) {
      throw logdbError(
        'QUERY_INVALID',
        'the result is too large for one JSON document',
        'use --nl: one document per row',
      )
    }
    yield row
  }
}

/** Row by row: a result may be large. */
async function print(result: QueryResult, { nl, csv }: QueryFlags, terminal: Terminal): Promise<void> {
  if (csv) return printCsv(result, terminal)
  if (!nl) return printTable(result, terminal)
  for (const document of toDocuments(result)) {
    printJson(terminal, document)
    await terminal.untilOutIsRead()
  }
}
