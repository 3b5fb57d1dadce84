import { resolve } from 'node:path'
import { toUserError } from '../../../kit/cli/command-errors.ts'
import { parseObject } from '../../../kit/json.ts'
import { UserError } from '../../../kit/user-error.ts'
import { deployError } from '../../errors.ts'
import { CommandFailed, run } from '../../host/host.ts'
import { runLogdb } from '../../local/logdb-program.ts'
import { dropBundle, logDays, makeBundle, NO_LOGDB } from '../../remote/logdb/bundles.ts'
import { readPairs } from '../../server/pairs.ts'
import type { Context } from '../../session/context.ts'
import { type OpenServer, withServer } from '../../session/open-server.ts'
import { commandLine } from '../../session/shown/command-line.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { fetchChunks, findBundle } from './fetch-chunks.ts'
import { dayMarks, planPulls } from './plan-pulls.ts'
import { type DayMarks, type Pull, PullRecord } from './pull-state.ts'

const DEFAULT_FOLDER = 'logs/db'

/** What was added of one server. */
interface Pulled {
  host: string
  server_id: string | null
  bundles: { since: string; to: string; fetched_bytes: number; imported: number; identical: number }[]
}

/**
 * Adds what is new in the log database of each server to the one here. Each one that fails is named at the end; the others
 * are not kept from it.
 * @param to folder of the log database here; undefined for the usual one
 */
export async function pullLogs(contexts: readonly Context[], to: string | undefined): Promise<Outcome> {
  const results: (Pulled & { error?: { code: string; message: string } })[] = []
  const lines: string[] = []
  const warnings: string[] = []
  let failure: UserError | undefined
  for (const context of contexts) {
    const { host } = context.options
    const pulled: Pulled = { host, server_id: null, bundles: [] }
    try {
      await pullFrom(context, resolve(context.options.cwd, to ?? DEFAULT_FOLDER), pulled, warnings)
      results.push(pulled)
      lines.push(`${host}  ${lineOf(pulled, context.options.isDryRun)}`)
    } catch (error) {
      const { code, message, hint, exitCode } = toUserError(error, 'ai-deploy', 'logs pull')
      results.push({ ...pulled, error: { code, message } })
      if (contexts.length > 1) lines.push(`${host}  failed: ${message.split('\n')[0]}`)
      failure ??= new UserError(code, contexts.length > 1 ? `${host}: ${message}` : message, { hint, exitCode })
    }
  }
  const isJson = contexts[0]?.options.isJson
  return {
    result: { database: resolve(contexts[0]?.options.cwd ?? '', to ?? DEFAULT_FOLDER), hosts: results },
    isDryRun: contexts[0]?.options.isDryRun,
    lines,
    warnings,
    notes: isJson ? [] : warnings.map((sentence) => `Note: ${sentence}.`),
    error: failure,
  }
}

function lineOf({ bundles }: Pulled, isDryRun: boolean): string {
  const [first, last] = [bundles[0], bundles.at(-1)]
  if (first === undefined || last === undefined) return 'nothing new'
  const days = first.since === last.to ? first.since : `${first.since} to ${last.to}`
  if (isDryRun) return `would fetch ${days}`
  const imported = bundles.reduce((sum, bundle) => sum + bundle.imported, 0)
  return `${imported} new ${imported === 1 ? 'request' : 'requests'}, ${days}`
}

async function pullFrom(context: Context, log: string, pulled: Pulled, warnings: string[]): Promise<void> {
  const { isDryRun } = context.options
  await withServer(context, async (open) => {
    const { server, marks } = await lookAtDays(context, open, warnings)
    pulled.server_id = server ?? null
    if (server === undefined) return
    const record = new PullRecord(log, server)
    const add = async (pull: Pull) => {
      const done = isDryRun ? NOTHING : await pullOne(context, open, { pull, record, log, warnings })
      if (done !== undefined) pulled.bundles.push({ since: pull.since, to: pull.to, ...done })
    }
    const { pending } = record.read()
    if (pending !== undefined && !isDryRun) await add(pending)
    for (const pull of planPulls(marks, record.read().days)) await add(pull)
  })
}

const NOTHING = { fetched_bytes: 0, imported: 0, identical: 0 }

/** Reads the logs there first, so that nothing is missing. @throws UserError USAGE without a release */
async function lookAtDays(context: Context, { connection, layout }: OpenServer, warnings: string[]) {
  const { options } = context
  const command = logDays(layout.folder, !options.isDryRun)
  const result = await connection.host.exec(command)
  if (result.exitCode === NO_LOGDB) {
    throw deployError('USAGE', 'no gateway runs there yet', `deploy one: ${commandLine(context)}`)
  }
  if (result.exitCode !== 0) throw new CommandFailed('look at the log database', result)
  const pairs = readPairs(result.stdout)
  const unread = pairs.one('unread')
  if (unread !== undefined) warnings.push(`${options.host}: what is not in its log database yet is missing: ${unread}`)
  const server = pairs.one('server_id')?.replaceAll(/[^\w.-]/g, '_')
  return { server, marks: dayMarks(parseObject(pairs.text('stats') ?? '')) }
}

interface Pulling {
  pull: Pull
  record: PullRecord
  log: string
  warnings: string[]
}

/**
 * Safe to kill anywhere and to repeat: the record changes only when the requests are stored here, and a request is stored once.
 * @returns undefined if the bundle of a run that was cut off is not there any more
 */
async function pullOne(context: Context, { connection, layout }: OpenServer, pulling: Pulling) {
  const { host } = connection
  const { folder } = layout
  const { pull, record } = pulling
  const { file, since, to } = pull
  const { days, pending } = record.read()
  const isAgain = pending?.file === file
  if (!isAgain) {
    if (pending !== undefined) record.drop(pending)
    record.write({ days, pending: pull })
    context.terminal.err(`==> Making a bundle of ${since} to ${to} on ${host.name}\n`)
    await run(host, `make a bundle of ${since} to ${to}`, makeBundle({ folder, name: file, since, to }))
  }
  const bundle = await findBundle(host, folder, file)
  if (bundle === undefined) {
    record.drop(pull)
    record.write({ days, pending: undefined })
    return undefined
  }
  context.terminal.err(`==> Fetching it (${Math.ceil(bundle.sizeBytes / 1024)} KiB)\n`)
  const fetched = await fetchChunks({ host, folder, file, target: record.pathOf(pull) }, bundle)
  const end = async (known: DayMarks) => {
    record.write({ days: known, pending: undefined })
    record.drop(pull)
    await host.exec(dropBundle(folder, file))
  }
  const { problem } = await logdbHere(context, ['verify', record.pathOf(pull)])
  if (problem !== undefined) {
    // As it is there: the next run makes another one.
    if (problem.code === 'BUNDLE_INVALID') await end(days)
    throw notAdded(problem)
  }
  const counts = await importHere(context, pulling)
  await end({ ...days, ...pull.days })
  return { fetched_bytes: fetched, ...counts }
}

/** What logdb cannot add stays in the bundle here, and the next run tries again. */
async function importHere(context: Context, { pull, record, log, warnings }: Pulling) {
  const verb = ['import', record.pathOf(pull), '--dest', log, '--wait', '10m']
  const { result, problem } = await logdbHere(context, verb)
  // What is stored here already under the same id stays; the rest of the bundle was added.
  if (problem?.code === 'BUNDLE_CONFLICT') warnings.push(`${context.options.host}: ${problem.message}`)
  else if (problem !== undefined) throw notAdded(problem)
  return { imported: Number(result?.['imported'] ?? 0), identical: Number(result?.['identical'] ?? 0) }
}

function logdbHere({ options: { readsDotenv, cwd } }: Context, verb: readonly string[]) {
  return runLogdb([...(readsDotenv ? [] : ['--no-dotenv']), 'bundle', ...verb], cwd)
}

function notAdded({ code, message }: { code: string; message: string }) {
  const hint = 'when the cause is gone, run the same command again, which continues'
  return deployError('LOGS_NOT_PULLED', `the logs could not be added here: ${message}${code && ` (${code})`}`, hint)
}
