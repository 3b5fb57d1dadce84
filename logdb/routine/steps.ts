import { isoDay, MS_PER_DAY } from '../../kit/time.ts'
import { errorMessage, type UserError } from '../../kit/user-error.ts'
import { counted } from '../counted.ts'
import { logdbError } from '../error-table.ts'
import { countsOf, speedLine } from '../ingest/report.ts'
import { ingest } from '../ingest/run.ts'
import type { LogdbSettings } from '../settings.ts'
import { findPartitions } from '../store/folder/partition-files.ts'
import { isSealed } from '../store/partition/seal.ts'
import { unlessDamaged } from '../store/sqlite/damage.ts'
import { loadSqlite } from '../store/sqlite/open.ts'
import { assignDialogs, damagesOf } from '../verbs/dialogs/assign.ts'
import { DEFAULT_WINDOW_S } from '../verbs/dialogs/window.ts'
import { retain } from '../verbs/erasure/retain.ts'
import { buildTextIndexes } from '../verbs/fts/text-indexes.ts'
import { mergePeriods } from '../verbs/merge/merge.ts'
import type { MergePeriod } from '../verbs/merge/merge-sources.ts'
import { seal } from '../verbs/seal.ts'
import { bundleStep } from './bundle-step.ts'
import type { RoutineStep, StepContext } from './step.ts'

/** In their order. Those that a variable turns off are left out. */
export function stepsOf({ isTextIndexEnabled, isGroupingEnabled, keptDays }: LogdbSettings): RoutineStep[] {
  return [
    { name: 'ingest', run: ingestStep },
    ...(isTextIndexEnabled ? [{ name: 'fts', run: indexStep }] : []),
    ...(isGroupingEnabled ? [{ name: 'dialogs', run: dialogsStep }] : []),
    { name: 'seal', run: sealStep },
    { name: 'weekly_merge', run: (context) => mergeStep(context, 'week') },
    { name: 'monthly_merge', run: (context) => mergeStep(context, 'month') },
    { name: 'bundle', staysHere: true, run: bundleStep },
    ...(Object.keys(keptDays).length > 0 ? [{ name: 'retain', run: retainStep }] : []),
  ]
}

async function ingestStep(context: StepContext) {
  const report = await ingest(context)
  const { filesIngested, rowsInserted, recordsQuarantined, unreadable, lost } = report
  const counts = countsOf(report)
  return {
    lines: [
      speedLine(report),
      `auto: ingested files=${filesIngested} rows=${rowsInserted} skipped=${counts.rows_skipped}`,
    ],
    result: counts,
    problems: [
      ...[...unreadable, ...lost].map(({ path, reason }) => `${path}: ${reason}`),
      ...(recordsQuarantined > 0
        ? [`${counted(recordsQuarantined, 'records')} could not be read; logdb errors lists them`]
        : []),
    ],
  }
}

/** First day of the partitions that are not sealed; undefined if all are. */
async function firstOpenDay(out: string): Promise<string | undefined> {
  const engine = await loadSqlite()
  const open = findPartitions(out, {}).filter(({ path }) => unlessDamaged([], path, () => !isSealed(engine, path)))
  return open.map(({ firstDay }) => firstDay).sort()[0]
}

async function indexStep({ out, settings: { parallelism }, waitMs }: StepContext) {
  const since = await firstOpenDay(out)
  const result = since === undefined ? [] : await buildTextIndexes({ out, waitMs, isDryRun: false, since, parallelism })
  return {
    lines: result.map(({ path, indexed, skipped }) => `auto: fts ${path} indexed=${indexed} skipped=${skipped}`),
    result,
  }
}

async function dialogsStep({ out, waitMs }: StepContext) {
  const since = await firstOpenDay(out)
  const grouping = { by: 'window', windowS: DEFAULT_WINDOW_S } as const
  const counts = since === undefined ? [] : await assignDialogs({ out, waitMs, isDryRun: false, since, grouping })
  return {
    lines: counts.map(({ path, rows }) => `auto: dialogs ${path} updated=${rows}`),
    result: counts.map(({ path, rows }) => ({ path, updated: rows })),
    problems: damagesOf(counts).map(({ path, reason }) => `${path}: ${reason}`),
  }
}

async function sealStep({ out, waitMs }: StepContext) {
  const sealed = await seal({ out, waitMs, isDryRun: false })
  return {
    lines: sealed.flatMap(({ path, bytesBefore, bytesAfter }) => {
      return bytesAfter === undefined
        ? []
        : [`auto: seal ${path} bytes_before=${bytesBefore} bytes_after=${bytesAfter}`]
    }),
    result: sealed.map(({ path, bytesBefore, bytesAfter }) => ({
      path,
      bytes_before: bytesBefore,
      bytes_after: bytesAfter,
    })),
    problems: sealed.flatMap(({ path, error }) => (error === undefined ? [] : [`${path}: ${errorMessage(error)}`])),
  }
}

async function mergeStep({ out, settings, waitMs }: StepContext, period: MergePeriod) {
  const mustDelete = settings.mustCleanUpAfterMerge
  const run = { out, waitMs, settings, mustDelete, isDryRun: false, renamed: new Map<string, string>() }
  const { merged, damaged } = await mergePeriods({ ...run, period })
  const status = (failure: UserError | undefined) => (failure ? 'fail' : 'ok')
  return {
    lines: merged.map(({ path, sources, requests, failure }) => {
      return `auto: ${period}ly_merge ${path} sources=${sources.length} total=${requests} status=${status(failure)}`
    }),
    result: merged.map(({ path, sources, requests, failure }) => {
      return { path, sources: sources.length, total_requests: requests, integrity: status(failure) }
    }),
    problems: damaged.map(({ path, reason }) => `${path}: ${reason}`),
    failure: merged.find(({ failure }) => failure)?.failure ?? unmerged(damaged.length),
  }
}

async function retainStep({ out, settings: { keptDays }, waitMs }: StepContext) {
  const firstDays = Object.entries(keptDays).map(([kind, count]) => [kind, isoDay(Date.now() - count * MS_PER_DAY)])
  const report = await retain({ out, waitMs, isDryRun: false, keptFrom: Object.fromEntries(firstDays) })
  return {
    lines: report.partitions.map(({ path, requests, bodies }) => {
      return `auto: retain ${path} requests_removed=${requests} bodies_removed=${bodies}`
    }),
    result: report.partitions.map(({ path, requests, bodies, isDeleted }) => {
      return { path, requests_removed: requests, bodies_removed: bodies, deleted: isDeleted }
    }),
    problems: report.damaged.map(({ path, reason }) => `${path}: ${reason}`),
  }
}

function unmerged(count: number): UserError | undefined {
  if (count === 0) return undefined
  return logdbError(
    'PARTITIONS_DAMAGED',
    `${counted(count, 'damaged partitions')} could not be merged`,
    'run: logdb verify',
  )
}
