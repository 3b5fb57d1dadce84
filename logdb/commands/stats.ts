import { type Command, InvalidArgumentError, Option } from 'commander'
import { outColors } from '../../kit/cli/terminal.ts'
import type { CommandContext } from '../command-line/context.ts'
import { end, noteIfEmpty } from '../command-line/ending.ts'
import { FILTERS, type FilterFlags, filterOf } from '../command-line/filters.ts'
import { addExamples, addOptions, checkDays, JSON_OUTPUT, OUT, PAGED, TIMES } from '../command-line/options.ts'
import { foreignWarning, skipping } from '../command-line/skipped-partitions.ts'
import { statsJson } from '../output/stats-json.ts'
import type { StatsGrouping } from '../verbs/stats/counting.ts'

const GROUPINGS: readonly StatsGrouping[] = ['day', 'hour', 'model', 'key', 'provider', 'endpoint', 'outcome', 'status']

interface StatsFlags extends FilterFlags {
  by: StatsGrouping[]
}

export function addStats(program: Command, context: CommandContext): void {
  const command = program
    .command('stats')
    .description('Count requests, errors and tokens, and show latencies, for example by day, model or key')
  addOptions(command, OUT)
  const by = new Option('--by <groups>', `${GROUPINGS.join(', ')}; or several with commas`)
  command.addOption(by.argParser(parseGroupings).default(['day', 'model', 'key'], 'day,model,key'))
  addOptions(command.optionsGroup('Filters:'), TIMES, FILTERS)
  addOptions(command.optionsGroup('Output:'), JSON_OUTPUT, PAGED)
  command.action((flags: StatsFlags) => run(flags, context))
  addExamples(command, ['logdb stats --since 30d', 'logdb stats --by hour,status --since today --key laptop'])
}

function parseGroupings(text: string): StatsGrouping[] {
  return text.split(',').map((word) => {
    const grouping = GROUPINGS.find((one) => one === word.trim())
    if (!grouping) throw new InvalidArgumentError(`expected some of ${GROUPINGS.join(', ')}.`)
    return grouping
  })
}

async function run(flags: StatsFlags, context: CommandContext): Promise<void> {
  const { terminal, resolve } = context
  checkDays(flags)
  const { out, tz, by } = flags
  const { stats } = await import('../verbs/stats/stats.ts')
  const { statsText } = await import('../output/stats-text.ts')
  const result = await stats({ ...filterOf(flags), out: resolve(out), by, timeZone: tz })
  const { warnings, failure } = skipping(result.damaged, terminal, result.leftOut.map(foreignWarning))
  const look = { colors: outColors(terminal), columns: terminal.outColumns }
  end(context, flags, {
    verb: 'stats',
    result: statsJson(result, by),
    warnings,
    failure,
    print: () => terminal.out(statsText(result, by, look)),
    notes: noteIfEmpty(context, out),
  })
}
