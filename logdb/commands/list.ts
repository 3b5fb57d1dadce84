import type { Command } from 'commander'
import { printJson } from '../../kit/cli/json-envelope.ts'
import type { AnyIterable } from '../../kit/cli/json-list.ts'
import { outColors } from '../../kit/cli/terminal.ts'
import type { CommandContext } from '../command-line/context.ts'
import { endList, noteIfEmpty } from '../command-line/ending.ts'
import { FILTERS, type FilterFlags, filterOf, moreNote, type PageFlags, pageOptions } from '../command-line/filters.ts'
import { preferLittleMemory } from '../command-line/little-memory.ts'
import {
  addExamples,
  addOptions,
  checkDays,
  JSON_OUTPUT,
  OUT,
  PAGED,
  parseCount,
  TIMES,
} from '../command-line/options.ts'
import { foreignWarning, skipping } from '../command-line/skipped-partitions.ts'
import type { ListedRequest } from '../verbs/list/list.ts'

type ListFlags = FilterFlags & PageFlags

interface TailFlags extends FilterFlags {
  lines: number
  follow?: true
}

const DEFAULT_LINES = 10
/** More requests are read in little memory, rather than as fast as possible. */
const MAX_QUICK = 1000

export function addList(program: Command, context: CommandContext): void {
  const list = program.command('list').description('List the latest requests, with what the user said last')
  addOptions(list, OUT)
  addOptions(list.optionsGroup('Filters:'), TIMES, FILTERS)
  addOptions(list.optionsGroup('Output:'), pageOptions('requests'), JSON_OUTPUT, PAGED)
  list.action((flags: ListFlags) => showList(flags, context))
  addExamples(list, [
    'logdb list --since 2h --status 5xx',
    'logdb list --key laptop --json | jq -r .result[].request_id',
  ])
  const tail = program.command('tail').description('Print the last requests, and with -f each new one')
  addOptions(tail, OUT)
    .option('-f, --follow', 'keep printing requests as they are stored, until Ctrl-C')
    .option('-n, --lines <n>', 'begin with the last n requests', parseCount, DEFAULT_LINES)
  addOptions(tail.optionsGroup('Filters:'), TIMES, FILTERS)
  tail.optionsGroup('Output:').option('--json', 'print one JSON document per request')
  tail.action((flags: TailFlags) => showTail(flags, context))
  addExamples(tail, ['logdb tail -f --status 5xx   # while: logdb ingest --follow'])
}

async function showList(flags: ListFlags, context: CommandContext): Promise<void> {
  const { terminal, resolve } = context
  checkDays(flags)
  const { out, limit, page } = flags
  const { eachRequest } = await import('../verbs/list/each-request.ts')
  const { requestJson, requestListText } = await import('../output/request-list.ts')
  if (page * limit > MAX_QUICK) preferLittleMemory()
  const found = eachRequest({ ...filterOf(flags), out: resolve(out), limit, skip: (page - 1) * limit })
  const rest = () => ({
    found: { more: found.hasMore },
    notes: found.hasMore && !flags.json ? [moreNote(flags)] : noteIfEmpty(context, out),
    ...skipping(found.damaged, terminal, found.leftOut.map(foreignWarning)),
  })
  const toText = async function* (requests: AnyIterable<ListedRequest>) {
    let hasTitles = true
    for await (const part of parts(requests)) {
      yield requestListText(part, { ...lookOf(flags, context), hasTitles })
      hasTitles = false
    }
  }
  await endList(context, flags, { verb: 'list', rows: found.requests, toJson: requestJson, toText, rest })
}

/** Columns are as wide as what they hold, which is known of so many rows at a time. */
async function* parts(requests: AnyIterable<ListedRequest>): AsyncGenerator<ListedRequest[], void> {
  let part: ListedRequest[] = []
  for await (const request of requests) {
    part.push(request)
    if (part.length < MAX_QUICK) continue
    yield part
    part = []
  }
  if (part.length > 0) yield part
}

function lookOf({ tz = 'UTC' }: FilterFlags, { terminal }: CommandContext) {
  return { colors: outColors(terminal), columns: terminal.outColumns, timeZone: tz }
}

async function showTail(flags: TailFlags, context: CommandContext): Promise<void> {
  checkDays(flags)
  const options = { ...filterOf(flags), out: context.resolve(flags.out), limit: flags.lines }
  for (const note of noteIfEmpty(context, flags.out)) context.note(note)
  const { requestJson, requestListText } = await import('../output/request-list.ts')
  let hasTitles = true
  const print = (requests: ListedRequest[]) => {
    if (flags.json) for (const request of requests) printJson(context.terminal, requestJson(request))
    else context.terminal.out(requestListText(requests, { ...lookOf(flags, context), hasTitles }))
    hasTitles &&= requests.length === 0
  }
  if (!flags.follow) {
    const { listRequests } = await import('../verbs/list/list.ts')
    const { requests, damaged } = await listRequests(options)
    print(requests.reverse())
    const { failure } = skipping(damaged, context.terminal)
    if (failure) throw failure
    return
  }
  const { followRequests } = await import('../verbs/list/follow-requests.ts')
  for await (const { requests, damaged } of followRequests(options, context.terminal.signal)) {
    print(requests)
    skipping(damaged, context.terminal)
  }
}
