import type { Command } from 'commander'
import { configInvalid } from '../../kit/user-error.ts'
import {
  type CommandContext,
  confirmationMissing,
  NOTHING_CHANGED,
  warningsOfOldDatabases,
} from '../command-line/context.ts'
import { withOut, withReport, withWait } from '../command-line/options.ts'
import type { Selection } from '../store/partition/erase.ts'
import { printReport } from '../terminal.ts'
import type { ForgetReport } from '../verbs/erasure/forget.ts'

interface ForgetFlags {
  requestId?: string
  apiKeyHash?: string
  dialog?: string
  out: string
  yes?: true
  dryRun?: true
  /** Milliseconds. */
  wait?: number
  json?: true
}

export function addForget(program: Command, context: CommandContext): void {
  const command = program
    .command('forget')
    .description('Remove requests for good, with every message and word that no other request uses')
    .option('--request-id <id>', 'one request, by what `show` takes')
    .option('--key, --api-key-hash <key>', 'all requests of an API key, by its hash or name')
    .option('--dialog <id>', 'all requests of a dialog')
  const changing = withWait(withOut(command))
    .option('--yes', 'do it; without this nothing is changed')
    .option('--dry-run', 'change nothing, only count')
  withReport(changing)
    .addHelpText('after', '\nReading their logs again does not bring them back; the logs themselves are not changed.')
    .action((flags: ForgetFlags) => run(flags, context))
}

async function run(flags: ForgetFlags, context: CommandContext): Promise<void> {
  const { forget } = await import('../verbs/erasure/forget.ts')
  const out = context.resolve(flags.out)
  const isConfirmed = flags.yes === true && !flags.dryRun
  const found = await forget({ out, selection: selectionOf(flags), waitMs: flags.wait, isDryRun: !isConfirmed })
  const requests = found.partitions.reduce((sum, partition) => sum + partition.requests, 0)
  if (requests > 0 && !flags.dryRun && !flags.yes) throw confirmationMissing(`${requests} requests would be removed`)
  report(found, flags, context)
}

function selectionOf({ requestId, apiKeyHash, dialog }: ForgetFlags): Selection {
  if ([requestId, apiKeyHash, dialog].filter((choice) => choice !== undefined).length !== 1) {
    throw configInvalid('what to forget is not clear', 'give one of --request-id, --key and --dialog')
  }
  if (apiKeyHash !== undefined) return { key: apiKeyHash }
  if (dialog !== undefined) return { dialogId: dialog }
  return { requestId: requestId ?? '' }
}

function report(
  { partitions, logs, oldDatabases, unreadable }: ForgetReport,
  { json, dryRun }: ForgetFlags,
  { terminal, note }: CommandContext,
): void {
  const result = partitions.map(({ path, requests }) => ({ path, forgotten: requests }))
  const warnings = [...warningsOfOldDatabases(oldDatabases), ...warningOfUnreadable(unreadable)]
  if (json)
    printReport(terminal, { verb: 'forget', isDryRun: dryRun ?? false, result: { partitions: result, logs }, warnings })
  else for (const { path, forgotten } of result) terminal.out(`${path} forgotten=${forgotten}\n`)
  if (dryRun) note(NOTHING_CHANGED)
  if (logs.length > 0) note(`the logs that they came from are not changed:\n${logs.join('\n')}`)
  for (const warning of warnings) note(warning)
}

function warningOfUnreadable(count: number): string[] {
  if (count === 0) return []
  const kept = `of ${count} records that could not be read the first bytes are kept, whoever sent them`
  return [`${kept}: logdb errors shows them, logdb retain --bodies removes them when they are old enough`]
}
