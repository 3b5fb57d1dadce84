import { join } from 'node:path'
import { type FollowRequest, factsOf, type JobProgress, type JobRequest } from '../control-socket/control-protocol.ts'
import type { DayRange } from '../days.ts'
import { logdbError } from '../error-table.ts'
import { countsOf } from '../ingest/report.ts'
import { ingest } from '../ingest/run.ts'
import { runStep } from '../routine/run-step.ts'
import { stepsOf } from '../routine/steps.ts'
import { createVerifiedBundle } from '../routine/verified-bundle.ts'
import type { LogdbSettings } from '../settings.ts'
import type { Selection } from '../store/partition/erase.ts'
import { assignDialogs } from '../verbs/dialogs/assign.ts'
import { DEFAULT_WINDOW_S } from '../verbs/dialogs/window.ts'
import { forget } from '../verbs/erasure/forget.ts'
import { buildTextIndexes } from '../verbs/fts/text-indexes.ts'

/** What all jobs of an `ingest --follow` work with. */
export interface JobContext {
  /** Folders of the logs, the log database and the bundles. */
  from: string
  out: string
  bundles: string
  settings: LogdbSettings
}

type OnProgress = (progress: JobProgress) => void
type RequestOf<Job> = Extract<FollowRequest, { job: Job }>

/** Another logdb may be writing too. */
const WAIT_MS = 60_000

/** @returns what `--json` of the verb would show @throws UserError */
export async function doJob(request: JobRequest, context: JobContext, onProgress: OnProgress): Promise<unknown> {
  const ofPartitions = (done: number, total: number) => onProgress({ done, total, unit: 'partitions' })
  switch (request.job) {
    case 'ingest':
      return ingestNow(context, onProgress)
    case 'index':
      return index(request, context, ofPartitions)
    case 'dialogs':
      return group(request, context, ofPartitions)
    case 'bundle':
      return bundle(request, context, ofPartitions)
    case 'forget':
      return remove(request, context)
    case 'step':
      return step(request, context)
  }
}

async function ingestNow({ from, out, settings }: JobContext, onProgress: OnProgress) {
  if (!settings.isEnabled) throw disabled('Ingest disabled by LOGDB_ENABLED')
  const report = await ingest({
    from,
    out,
    settings,
    waitMs: WAIT_MS,
    onProgress: (_, { doneBytes, totalBytes }) => onProgress({ done: doneBytes, total: totalBytes, unit: 'bytes' }),
  })
  return { ...countsOf(report), records_quarantined: report.recordsQuarantined, bytes_read: report.bytesRead }
}

async function index(
  days: DayRange,
  { out, settings }: JobContext,
  onPartition: (done: number, total: number) => void,
) {
  const { isTextIndexEnabled, parallelism } = settings
  if (!isTextIndexEnabled) throw disabled('FTS disabled by LOGDB_FTS_ENABLED')
  return buildTextIndexes({ ...days, out, waitMs: WAIT_MS, isDryRun: false, parallelism, onPartition })
}

async function group(
  days: DayRange,
  { out, settings }: JobContext,
  onPartition: (done: number, total: number) => void,
) {
  if (!settings.isGroupingEnabled) throw disabled('Dialogs disabled by LOGDB_GROUPING_ENABLED')
  const grouping = { by: 'window', windowS: DEFAULT_WINDOW_S } as const
  const counts = await assignDialogs({ ...days, out, waitMs: WAIT_MS, isDryRun: false, grouping, onPartition })
  return counts.map(({ path, rows, damage }) => ({ path, updated: rows, damage }))
}

async function bundle(
  { since, to }: DayRange,
  { from, out, bundles, settings }: JobContext,
  onDatabase: (done: number, total: number) => void,
) {
  const path = join(bundles, `${since ?? 'first'}-to-${to ?? 'last'}.tgz`)
  const raw = settings.isRawBundled ? from : undefined
  const created = await createVerifiedBundle({ db: out, out: path, settings, raw, since, to, onDatabase })
  if (!created) return { path: null, bytes: 0, requests: 0 }
  return { path, bytes: created.sizeBytes, requests: created.manifest.counts?.requests ?? 0 }
}

async function remove(request: RequestOf<'forget'>, { out }: JobContext) {
  const report = await forget({ out, waitMs: WAIT_MS, isDryRun: request.dry_run, selection: selectionOf(request) })
  const { partitions, logs, oldDatabases, unreadable, damaged } = report
  return {
    partitions: partitions.map(({ path, requests }) => ({ path, forgotten: requests })),
    logs,
    old_databases: oldDatabases,
    unreadable,
    damaged,
  }
}

function selectionOf({ request_id, key, dialog }: RequestOf<'forget'>): Selection {
  if (key !== undefined) return { key }
  return dialog === undefined ? { requestId: request_id ?? '' } : { dialogId: dialog }
}

/** A report of the step, with its failure as fields. */
async function step({ step: name, bundles, settings: sent }: RequestOf<'step'>, { from, out, ...own }: JobContext) {
  const settings = { ...own.settings, ...sent }
  const found = stepsOf(settings).find((one) => one.name === name)
  if (!found) throw logdbError('USAGE', `logdb auto has no step ${name}`, 'use the same version of logdb for both')
  const context = { from, out, bundles, settings, waitMs: WAIT_MS, signal: undefined }
  const report = await runStep(found, context, 0)
  return { ...report, failure: report.failure && factsOf(report.failure) }
}

function disabled(line: string) {
  return logdbError('DISABLED', line, 'set that variable to true, or remove it')
}
