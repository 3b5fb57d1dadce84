import type { Command } from 'commander'
import { outColors } from '../../kit/cli/terminal.ts'
import type { CommandContext } from '../command-line/context.ts'
import { end, noteIfEmpty, skippedWarning } from '../command-line/ending.ts'
import { addExamples, addOptions, checkDays, DAYS, type Flags, JSON_OUTPUT, OUT } from '../command-line/options.ts'
import type { GroupStats, Stats } from '../verbs/stats/stats.ts'
import type { TallyFigures } from '../verbs/stats/tally.ts'

export function addStats(program: Command, context: CommandContext): void {
  const command = program
    .command('stats')
    .description('Count requests, errors and tokens, and show latencies, by day, model and key')
  addOptions(command, OUT, DAYS, JSON_OUTPUT).action((flags: Flags) => run(flags, context))
  addExamples(command, ['logdb stats --since 2025-09-01'])
}

async function run(flags: Flags, context: CommandContext): Promise<void> {
  const { terminal, resolve } = context
  checkDays(flags)
  const { out, since, to } = flags
  const { stats } = await import('../verbs/stats/stats.ts')
  const { statsText } = await import('../output/stats-text.ts')
  const result = await stats({ out: resolve(out), since, to })
  const warnings = result.leftOut.map(skippedWarning)
  for (const warning of warnings) terminal.err(`${warning}\n`)
  end(context, flags, {
    verb: 'stats',
    result: toJson(result),
    warnings,
    print: () => terminal.out(statsText(result, outColors(terminal))),
    notes: noteIfEmpty(context, out),
  })
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
