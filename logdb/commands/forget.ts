import type { Command } from 'commander'
import { configInvalid } from '../../kit/user-error.ts'
import type { CommandContext } from '../command-line/context.ts'
import { addErasing, type Erased, type ErasingFlags } from '../command-line/erasing-command.ts'
import { addExamples } from '../command-line/options.ts'
import { counted } from '../counted.ts'
import type { ChangeOptions } from '../store/folder/lease.ts'
import type { Selection } from '../store/partition/erase.ts'

interface ForgetFlags extends ErasingFlags {
  requestId?: string
  apiKeyHash?: string
  dialog?: string
}

export function addForget(program: Command, context: CommandContext): void {
  const command = program
    .command('forget')
    .description('Remove requests permanently, with every message and word that no other request uses')
    .optionsGroup('What to remove:')
    .option('--request-id <id>', 'one request, by any id that show takes')
    .option('--key, --api-key-hash <key>', 'all requests of an API key, by its hash or name')
    .option('--dialog <id>', 'all requests of a dialog')
    .optionsGroup('Options:')
  addErasing(command, context, forgetRequests).addHelpText(
    'after',
    '\nReading their logs again does not bring them back. The logs themselves are not changed.',
  )
  addExamples(command, ['logdb forget --key alice --dry-run', 'logdb forget --key alice --yes'])
}

async function forgetRequests(flags: ForgetFlags, change: ChangeOptions): Promise<Erased> {
  const { forget } = await import('../verbs/erasure/forget.ts')
  const { partitions, logs, oldDatabases, unreadable, damaged } = await forget({
    ...change,
    selection: selectionOf(flags),
  })
  const requests = partitions.reduce((sum, partition) => sum + partition.requests, 0)
  const result = partitions.map(({ path, requests: forgotten }) => ({ path, forgotten }))
  return {
    question: requests > 0 ? `${counted(requests, 'requests')} would be removed` : undefined,
    result: { partitions: result, logs },
    lines: result.map(({ path, forgotten }) => `${path} forgotten=${forgotten}`),
    notes: logs.length > 0 ? [`the logs that they came from are not changed:\n${logs.join('\n')}`] : [],
    oldDatabases,
    damaged,
    warnings: warningOfUnreadable(unreadable),
  }
}

function selectionOf({ requestId, apiKeyHash, dialog }: ForgetFlags): Selection {
  if ([requestId, apiKeyHash, dialog].filter((choice) => choice !== undefined).length !== 1) {
    throw configInvalid('what to forget is not clear', 'give one of --request-id, --key and --dialog')
  }
  if (apiKeyHash !== undefined) return { key: apiKeyHash }
  if (dialog !== undefined) return { dialogId: dialog }
  return { requestId: requestId ?? '' }
}

function warningOfUnreadable(count: number): string[] {
  if (count === 0) return []
  const kept = `the first bytes of ${count} unreadable records are kept; their senders are not known`
  return [`${kept}. logdb errors shows them, logdb retain --bodies removes them when they are old enough`]
}
