import { type Command, InvalidArgumentError } from 'commander'
import type { IngestError } from '../store/ledger.ts'
import { printJson, type Terminal, withoutControls } from '../terminal.ts'
import type { CommandContext } from './context.ts'
import { withWait } from './options.ts'

interface ErrorsFlags {
  out: string
  json?: true
}

export function addErrors(program: Command, context: CommandContext): void {
  const errors = program.command('errors').description('Show and retry records that could not be read')
  withFlags(
    errors.command('list', { isDefault: true }).description('List them with their place and the reason'),
  ).action((flags: ErrorsFlags) => list(flags, context))
  const retry = errors
    .command('retry')
    .description('Give them back to the next ingest, for example to a newer logdb or with more memory')
    .argument('[ids...]', 'as the list has them (default: all)', parseId)
  withWait(withFlags(retry)).action((ids: number[], flags: ErrorsFlags & { wait?: number }) => {
    return release(ids, flags, context)
  })
}

function withFlags(command: Command): Command {
  return command
    .option('--out <folder>', 'folder of the log database', 'logs/db')
    .option('--json', 'one JSON document on stdout')
}

async function list({ out, json }: ErrorsFlags, { terminal, resolve }: CommandContext): Promise<void> {
  const { listErrors } = await import('../audit/errors.ts')
  for (const error of await listErrors(resolve(out))) {
    if (json) printJson(terminal, toJson(error))
    else print(error, terminal)
  }
}

function toJson({ id, path, offset, length, sha256, reason, head, seenTs }: IngestError) {
  return { id, path, offset, length, sha256, reason, head, seen_ts: seenTs }
}

function print({ id, path, offset, length, reason, head }: IngestError, { out }: Terminal): void {
  out(`${id}  ${path} at byte ${offset} (${length} bytes): ${reason}\n`)
  if (head !== '') out(`    ${withoutControls(head)}\n`)
}

async function release(
  ids: number[],
  { out, wait, json }: ErrorsFlags & { wait?: number },
  { terminal, resolve }: CommandContext,
): Promise<void> {
  const { retryErrors } = await import('../audit/errors.ts')
  const released = await retryErrors(resolve(out), { ids: ids.length > 0 ? ids : undefined, waitMs: wait })
  if (json) printJson(terminal, { ok: true, verb: 'errors retry', result: { released } })
  else terminal.out(`released=${released}\n`)
  if (released > 0) terminal.err('the next logdb ingest reads them again\n')
}

function parseId(text: string, before: number[] = []): number[] {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('expected a number of the list.')
  return [...before, Number(text)]
}
