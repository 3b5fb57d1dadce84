import { type Command, InvalidArgumentError } from 'commander'
import type { CommandContext } from '../command-line/context.ts'
import { withJson, withOut, withReport, withWait } from '../command-line/options.ts'
import type { IngestError } from '../store/control/ledger.ts'
import { printReport, type Terminal, withoutControls } from '../terminal.ts'

interface ErrorsFlags {
  out: string
  json?: true
}

export function addErrors(program: Command, context: CommandContext): void {
  const errors = program.command('errors').description('Show and retry records that could not be read')
  const listed = errors.command('list', { isDefault: true }).description('List them with their place and the reason')
  withJson(withOut(listed)).action((flags: ErrorsFlags) => list(flags, context))
  const retry = errors
    .command('retry')
    .description('Give them back to the next ingest, for example to a newer logdb or with more memory')
    .argument('[ids...]', 'as the list has them (default: all)', parseId)
  withReport(withWait(withOut(retry))).action((ids: number[], flags: ErrorsFlags & { wait?: number }) => {
    return release(ids, flags, context)
  })
}

async function list({ out, json }: ErrorsFlags, { terminal, resolve }: CommandContext): Promise<void> {
  const { listErrors } = await import('../verbs/audit/unreadable-records.ts')
  const found = await listErrors(resolve(out))
  if (json) printReport(terminal, { verb: 'errors list', result: found.map(toJson) })
  else for (const error of found) print(error, terminal)
}

function toJson({ id, path, offset, length, sha256, reason, head, seenTs }: IngestError) {
  return { id, path, offset, length, sha256, reason, head, seen_ts: seenTs }
}

function print({ id, path, offset, length, reason, head }: IngestError, { out }: Terminal): void {
  out(`${id}  ${withoutControls(`${path} at byte ${offset} (${length} bytes): ${reason}`)}\n`)
  if (head !== '') out(`    ${withoutControls(head)}\n`)
}

async function release(
  ids: number[],
  { out, wait, json }: ErrorsFlags & { wait?: number },
  { terminal, resolve, note }: CommandContext,
): Promise<void> {
  const { retryErrors } = await import('../verbs/audit/unreadable-records.ts')
  const released = await retryErrors(resolve(out), { ids: ids.length > 0 ? ids : undefined, waitMs: wait })
  if (json) printReport(terminal, { verb: 'errors retry', result: { released } })
  else terminal.out(`released=${released}\n`)
  if (released > 0) note('the next logdb ingest reads them again')
}

function parseId(text: string, before: number[] = []): number[] {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('expected a number of the list.')
  return [...before, Number(text)]
}
