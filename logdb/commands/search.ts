import { type Command, InvalidArgumentError, Option } from 'commander'
import type { AnyIterable } from '../../kit/cli/json-list.ts'
import { outColors } from '../../kit/cli/terminal.ts'
import { configInvalid } from '../../kit/user-error.ts'
import type { CommandContext } from '../command-line/context.ts'
import { endList, mapped, noteIfEmpty } from '../command-line/ending.ts'
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
import { counted } from '../counted.ts'
import type { HitCounts } from '../store/search/partition-search.ts'
import type { DamagedPartition } from '../store/sqlite/damage.ts'
import type { ListedRequest } from '../verbs/list/list.ts'
import type { SearchHit } from '../verbs/search/search.ts'
import type { TextQuery } from '../verbs/search/text-query.ts'

const DEFAULT_SNIPPET_WORDS = 24
/** FTS5 gives no longer ones. */
const MAX_SNIPPET_WORDS = 64
/** More hits are read in little memory, rather than as fast as possible. */
const MAX_QUICK = 1000
/** No more hits are counted. */
const MAX_COUNT = 1000

interface SearchFlags extends FilterFlags, PageFlags {
  role?: string
  snippet: number
  rawQuery?: true
}

/** What both ways to search print. */
interface Found {
  hits: AnyIterable<SearchHit>
  warnings(): readonly string[]
  /** Complete after the last hit. */
  damaged: DamagedPartition[]
  /** Undefined if they were not counted. */
  total?: HitCounts
  hasMore(shown: number): boolean
}

export function addSearch(program: Command, context: CommandContext): void {
  const command = program
    .command('search')
    .description('Find messages by their text, the latest first; with filters only, find requests')
    .argument('[query...]', 'words and "quoted phrases" that must all occur; a NEAR/5 b')
  addOptions(command, OUT).option('--raw-query', 'the query is in the syntax of FTS5: OR, NOT, prefix*, role:user')
  addOptions(command.optionsGroup('Filters:'), TIMES, ROLE, FILTERS)
  addOptions(command.optionsGroup('Output:'), pageOptions('messages'), SNIPPET, JSON_OUTPUT, PAGED)
  command.action((words: string[], flags: SearchFlags) => run(words, flags, context))
  addExamples(command, [
    'logdb search "rate limit" --since 2025-09-01 --status 5xx',
    'logdb search --key laptop --since today',
    `logdb search --raw-query '("machine learning" OR AI) AND python' --json | jq -r .result[].request_id`,
  ])
}

function ROLE(): Option[] {
  return [new Option('--role <role>', 'who said it: user, assistant, system, tool, error')]
}

function SNIPPET(): Option[] {
  const snippet = `length of the excerpt, at most ${MAX_SNIPPET_WORDS}`
  return [new Option('--snippet <words>', snippet).argParser(parseSnippet).default(DEFAULT_SNIPPET_WORDS)]
}

async function run(words: string[], flags: SearchFlags, context: CommandContext): Promise<void> {
  checkDays(flags)
  const { parseQuery, parseRawQuery } = await import('../verbs/search/text-query.ts')
  const query = (flags.rawQuery ? parseRawQuery : parseQuery)(asTyped(words))
  if (query.terms.length === 0 && (words.length > 0 || !hasFilter(flags))) {
    throw configInvalid('the query holds no word', 'name what to search for, or give a filter like --status 5xx')
  }
  const isOfText = query.terms.length > 0 || flags.role !== undefined
  if (flags.page * flags.limit > MAX_QUICK) preferLittleMemory()
  const show = (found: Found) => showHits(found, flags, context)
  await (isOfText ? byText(query, flags, context, show) : byFilter(flags, context, show))
}

async function showHits(found: Found, flags: SearchFlags, context: CommandContext): Promise<void> {
  const { terminal } = context
  const { hitJson, hitText } = await import('../output/search-hits.ts')
  let shown = 0
  const rows = async function* () {
    for await (const hit of found.hits) {
      shown++
      yield hit
    }
  }
  const toText = (hits: AnyIterable<SearchHit>) => {
    return mapped(hits, (hit) => hitText(hit, outColors(terminal), flags.tz ?? 'UTC'))
  }
  const rest = () => {
    const counts = { ...(found.total && { total: found.total }), more: found.hasMore(shown) }
    const notes = [...(flags.json ? [] : notesOf(counts, flags)), ...noteIfEmpty(context, flags.out)]
    return { found: counts, notes, ...skipping(found.damaged, terminal, found.warnings()) }
  }
  await endList(context, flags, { verb: 'search', rows: rows(), toJson: hitJson, toText, rest })
}

/** How many there are, and what to type for more. */
function notesOf({ total, more }: { total?: HitCounts; more: boolean }, flags: SearchFlags): string[] {
  const counted = total === undefined || total.messages === 0 ? [] : [countsText(total)]
  return [...counted, ...(more ? [moreNote(flags)] : [])]
}

function hasFilter({ role, ...flags }: SearchFlags): boolean {
  return role !== undefined || Object.values(filterOf(flags)).some((value) => value !== undefined)
}

type Show = (found: Found) => Promise<void>

async function byText(query: TextQuery, flags: SearchFlags, { resolve }: CommandContext, show: Show): Promise<void> {
  const { searchEach } = await import('../verbs/search/search.ts')
  const { out, role, snippet, limit, page } = flags
  const skip = (page - 1) * limit
  const options = { ...filterOf(flags), role, query, snippetWords: snippet, limit, skip, countTo: MAX_COUNT }
  await searchEach(resolve(out), options, async ({ hits, damaged, warnings, total = { messages: 0, requests: 0 } }) => {
    const hasMore = (shown: number) => {
      return shown > 0 && (total.messages > skip + shown || (total.messages === MAX_COUNT && shown === limit))
    }
    await show({ hits, damaged, warnings: () => warnings, total, hasMore })
  })
}

function countsText({ messages, requests }: HitCounts): string {
  if (messages === MAX_COUNT) return `${MAX_COUNT.toLocaleString('en-US')} messages or more`
  return `${counted(messages, 'messages')} in ${counted(requests, 'requests')}`
}

/** Each request as a hit: what the user said last in it. */
async function byFilter(flags: SearchFlags, { resolve }: CommandContext, show: Show): Promise<void> {
  const { eachRequest } = await import('../verbs/list/each-request.ts')
  const { out, limit, page } = flags
  const found = eachRequest({ ...filterOf(flags), out: resolve(out), limit, skip: (page - 1) * limit })
  const hasMore = () => found.hasMore
  const warnings = () => found.leftOut.map(foreignWarning)
  await show({ hits: asHits(found.requests), damaged: found.damaged, warnings, hasMore })
}

async function* asHits(requests: AsyncIterable<ListedRequest>): AsyncGenerator<SearchHit, void> {
  for await (const { question = '', ...request } of requests) yield { ...request, role: 'user', snippet: question }
}

/** One argument with spaces, `search "rate limit"`, is several words; only quotes within it make a phrase. */
function asTyped(words: string[]): string {
  return words.join(' ')
}

function parseSnippet(text: string): number {
  const count = parseCount(text)
  if (count > MAX_SNIPPET_WORDS) throw new InvalidArgumentError(`expected at most ${MAX_SNIPPET_WORDS}.`)
  return count
}
