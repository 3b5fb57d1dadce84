import type { TrafficCounts } from '../../probe/traffic.ts'
import type { Context } from '../../session/context.ts'
import type { Outcome } from '../../session/shown/report.ts'
import type { Measured } from '../../steps/definition.ts'

/** What a drill has measured, in addition to how its run ended: also one that failed, if it has sent requests. */
export function withDrillReport({ options, now }: Context, outcome: Outcome, measured: Measured): Outcome {
  const { traffic, switchedMs = [], rehearsedBackup } = measured
  if (traffic === undefined) return outcome
  const shown = { counts: traffic.counts(), switchedMs, rehearsedBackup }
  return {
    ...outcome,
    result: { ...outcome.result, drill: resultOf(shown) },
    lines: [...linesOf(shown), ...shown.counts.failures, oneLine(options.host, now, shown)],
  }
}

interface Shown {
  counts: TrafficCounts
  switchedMs: number[]
  rehearsedBackup: string | undefined
}

function resultOf({ counts, switchedMs, rehearsedBackup }: Shown): object {
  const { answers, answersBy, failed, failures, slowest } = counts
  return {
    answers: { keep_alive: answers['keep-alive'], new_connection: answers['new connection'], stream: answers.stream },
    answers_by: answersBy,
    failed,
    failures,
    slowest_ms: slowest?.ms ?? null,
    switched_ms: switchedMs,
    rehearsed_backup: rehearsedBackup ?? null,
  }
}

function linesOf({ counts, switchedMs, rehearsedBackup }: Shown): string[] {
  const { answers, answersBy, failed, slowest } = counts
  const kinds = Object.entries(answers).map(([kind, count]) => `${count} ${kind}`)
  return [
    `answers   ${kinds.join(', ')}`,
    `by        ${Object.entries(answersBy)
      .map(([instance, count]) => `${instance} ${count}`)
      .join(', ')}`,
    `failed    ${failed}`,
    `switches  ${switchedMs.map(inSeconds).join(', ') || 'none'}`,
    `slowest   ${slowest === undefined ? 'none' : `${slowest.ms} ms (${slowest.kind})`}`,
    ...(rehearsedBackup === undefined ? [] : [`restore   ${rehearsedBackup} was unpacked, started and answered`]),
  ]
}

/** To paste. */
function oneLine(host: string, now: Date, { counts, switchedMs }: Shown): string {
  const { answers, failed, slowest } = counts
  const sum = Object.values(answers).reduce((all, count) => all + count, failed)
  const switches = `${switchedMs.length} switches${switchedMs.length > 0 ? ` in ${switchedMs.map(inSeconds).join(' and ')}` : ''}`
  return `${now.toISOString().slice(0, 19)}Z ai-deploy drill of ${host}: ${failed} of ${sum} requests failed, ${switches}, slowest answer ${slowest?.ms ?? 0} ms`
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
