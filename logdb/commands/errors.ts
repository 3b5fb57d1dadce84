import { type Command, InvalidArgumentError } from 'commander'
import { withoutControls } from '../../kit/cli/terminal.ts'
import type { CommandContext } from '../command-line/context.ts'
import { end } from '../command-line/ending.ts'
import { addExamples, addOptions, type Flags, JSON_OUTPUT, OUT, REPORT, WAIT } from '../command-line/options.ts'
import type { IngestError } from '../store/control/ingest-errors.ts'

export function addErrors(program: Command, context: CommandContext): void {
  const errors = program.command('errors').description('Show and retry records that could not be read')
  addExamples(errors, ['logdb errors', 'logdb errors retry && logdb ingest'])
  const listed = errors.command('list', { isDefault: true }).description('List them with their place and the reason')
  addOptions(listed, OUT, JSON_OUTPUT).action((flags: Flags) => list(flags, context))
  addExamples(listed, ['logdb errors'])
  const retry = errors
    .command('retry')
    .description('Give them back to the next ingest, for example to a newer logdb or with more memory')
    .argument('[ids...]', 'numbers of the list (default: all)', parseId)
  addOptions(retry, OUT, WAIT, REPORT).action((ids: number[], flags: Flags) => release(ids, flags, context))
  addExamples(retry, ['logdb errors retry 3 4 && logdb ingest'])
}

async function list(flags: Flags, context: CommandContext): Promise<void> {
  const { listErrors } = await import('../verbs/audit/unreadable-records.ts')
  const found = await listErrors(context.resolve(flags.out))
  const print = () => {
    for (const error of found) context.terminal.out(toText(error))
  }
  end(context, flags, { verb: 'errors list', result: found.map(toJson), print })
}

function toJson({ id, path, offset, length, sha256, reason, head, seenTs }: IngestError) {
  return { id, path, offset, length, sha256, reason, head, seen_ts: seenTs }
}

function toText({ id, path, offset, length, reason, head }: IngestError): string {
  const line = `${id}  ${withoutControls(`${path} at byte ${offset} (${length} bytes): ${reason}`)}\n`
  return head === '' ? line : `${line}    ${withoutControls(head)}\n`
}

async function release(ids: number[], flags: Flags, context: CommandContext): Promise<void> {
  const { out, wait } = flags
  const { retryErrors } = await import('../verbs/audit/unreadable-records.ts')
  const released = await retryErrors(context.resolve(out), { ids: ids.length > 0 ? ids : undefined, waitMs: wait })
  end(context, flags, {
    verb: 'errors retry',
    result: { released },
    print: () => context.terminal.out(`released=${released}\n`),
    notes: released > 0 ? ['the next logdb ingest reads them again'] : [],
  })
}

function parseId(text: string, before: number[] = []): number[] {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('expected a number of the list.')
  return [...before, Number(text)]
}
