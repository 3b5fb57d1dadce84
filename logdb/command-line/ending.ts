import { printFailure, printSuccess } from '../../kit/cli/json-envelope.ts'
import { type AnyIterable, printList } from '../../kit/cli/json-list.ts'
import { renderError } from '../../kit/cli/render-error.ts'
import { errColors } from '../../kit/cli/terminal.ts'
import type { UserError } from '../../kit/user-error.ts'
import { logdbError } from '../error-table.ts'
import { findPartitions } from '../store/folder/partition-files.ts'
import type { CommandContext } from './context.ts'
import type { Flags } from './options.ts'
import { namedError } from './typed-name.ts'
import { userFacing } from './user-facing-error.ts'

/** What a verb reports at its end. */
export interface Ending {
  /** As typed, for example `fts build`. */
  verb: string
  /** Only verbs with --dry-run set it. */
  isDryRun?: boolean
  /** Printed by --json. */
  result: unknown
  /** Printed by --json, of a result that is a part of what was found. */
  found?: { total?: unknown; more: boolean }
  /** Printed by --json; without it, the verb itself prints those that must be seen. */
  warnings?: readonly string[]
  /** Prints the result without --json. */
  print(): void
  /** Information that is not a problem. */
  notes?: readonly string[]
  /** Why the verb failed, if it did and still has a result. */
  failure?: UserError | undefined
}

const NOTHING_CHANGED = 'nothing was changed: this was a dry run'

/** Prints what a verb reports; a failure decides the exit code. */
export function end(context: CommandContext, { json }: Pick<Flags, 'json'>, ending: Ending): void {
  const { print, isDryRun, notes = [], failure } = ending
  if (json) printDocument(context, ending)
  else print()
  for (const note of isDryRun ? [NOTHING_CHANGED, ...notes] : notes) context.note(note)
  if (!failure) return
  context.terminal.err(renderError(failure, errColors(context.terminal)))
  context.exitWith(failure.exitCode)
}

function printDocument(
  { terminal, named }: CommandContext,
  { verb, isDryRun, result, found, warnings, failure }: Ending,
): void {
  const error = failure && namedError(failure, named)
  if (error) printFailure(terminal, { verb, error, isDryRun, result, warnings: warnings ?? [] })
  else printSuccess(terminal, { verb, isDryRun, result, found, warnings })
}

/** A list that a verb ends with, which may not fit into memory. */
interface ListEnding<Row> extends Pick<Ending, 'verb'> {
  rows: AnyIterable<Row>
  /** What --json prints of a row. */
  toJson(row: Row): unknown
  /** What is printed without --json. */
  toText(rows: AnyIterable<Row>): AnyIterable<string>
  /** What is known after the last row. */
  rest(): Pick<Ending, 'found' | 'warnings' | 'notes' | 'failure'>
}

/** Prints a list as fast as it is read, and then what `end` prints. */
export async function endList<Row>(
  context: CommandContext,
  { json }: Pick<Flags, 'json'>,
  { verb, rows, toJson, toText, rest }: ListEnding<Row>,
): Promise<void> {
  const { terminal, named } = context
  let after: ReturnType<typeof rest> = {}
  if (json) {
    const restOfJson = (ending: ReturnType<typeof rest>) => {
      after = ending
      return { ...after, error: after.failure && namedError(after.failure, named) }
    }
    await printList(terminal, {
      verb,
      rows: mapped(rows, toJson),
      rest: () => restOfJson(rest()),
      restAfter: (error) => restOfJson({ failure: userFacing(error, verb) }),
    })
  } else {
    for await (const text of toText(rows)) {
      terminal.out(text)
      await terminal.untilOutIsRead()
    }
    after = rest()
  }
  end(context, {}, { ...after, verb, result: undefined, print: () => {} })
}

/** For lists whose rows can be printed one by one. */
export async function* mapped<From, To>(rows: AnyIterable<From>, to: (row: From) => To): AsyncGenerator<To, void> {
  for await (const row of rows) yield to(row)
}

/** Ends a verb that a variable turns off, with the predecessor's line on stdout. */
export function endDisabled(
  { terminal, named, exitWith }: CommandContext,
  { json }: Pick<Flags, 'json'>,
  { verb, line }: { verb: string; line: string },
): void {
  const error = logdbError('DISABLED', line, 'set that variable to true, or remove it')
  if (json) printFailure(terminal, { verb, error: namedError(error, named) })
  else terminal.out(`${line}\n`)
  exitWith(error.exitCode)
}

/** A note for users who named the wrong folder; none if it has partitions. */
export function noteIfEmpty({ resolve }: CommandContext, out: string): string[] {
  const folder = resolve(out)
  if (findPartitions(folder, {}).length > 0) return []
  return [`${folder} contains no log database: run logdb ingest, or give --out`]
}
