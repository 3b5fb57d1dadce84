import type { Command } from 'commander'
import { type CommandContext, noteIfEmpty } from '../command-line/context.ts'
import { checkDays, type DayOptions, withDays, withJson, withOut } from '../command-line/options.ts'
import { colorsFor, printReport } from '../terminal.ts'
import type { GroupStats, Stats } from '../verbs/stats/stats.ts'
import type { TallyFigures } from '../verbs/stats/tally.ts'

interface StatsFlags extends DayOptions {
  out: string
  json?: true
}

export function addStats(program: Command, context: CommandContext): void {
  const command = program
    .command('stats')
    .description('Count requests, errors and tokens, and show latencies, by day, model and key')
  withJson(withDays(withOut(command))).action((flags: StatsFlags) => run(flags, context))
}

async function run(flags: StatsFlags, context: CommandContext): Promise<void> {
  const { terminal, resolve } = context
  checkDays(flags)
  const { out, since, to, json } = flags
  const { stats } = await import('../verbs/stats/stats.ts')
  const { statsText } = await import('../output/stats-text.ts')
  const result = await stats({ out: resolve(out), since, to })
  const warnings = result.leftOut.map((path) => `${path}: was not made by this logdb and is left out: logdb convert`)
  for (const warning of warnings) terminal.err(`${warning}\n`)
  if (json) printReport(terminal, { verb: 'stats', result: toJson(result), warnings })
  else terminal.out(statsText(result, colorsFor(terminal)))
  noteIfEmpty(context, out)
}

function toJson({ total, days, models, keys }: Stats) {
  return {
    total: figures(total),
    days: days.map((group) => ({ day: group.name, ...figures(group) })),
    models: models.map((group) => ({ model: group.name, ...figures(group) })),
    keys: keys.map((group) => ({ key: group.name, ...figures(group) })),
  }
}

function figures({ requests, errors, tokensIn, tokensOut, latencyMs }: TallyFigures | GroupStats) {
  const { p50, p95, p99 } = latencyMs
  return {
    requests,
    errors,
    tokens_in: tokensIn,
    tokens_out: tokensOut,
    latency_p50_ms: p50,
    latency_p95_ms: p95,
    latency_p99_ms: p99,
  }
}
