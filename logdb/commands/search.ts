import { type Command, InvalidArgumentError, Option } from 'commander'
import { outColors } from '../../kit/cli/terminal.ts'
import { configInvalid } from '../../kit/user-error.ts'
import type { CommandContext } from '../command-line/context.ts'
import { end, noteIfEmpty } from '../command-line/ending.ts'
import {
  addExamples,
  addOptions,
  checkDays,
  DAYS,
  type Flags,
  JSON_OUTPUT,
  OUT,
  parseCount,
} from '../command-line/options.ts'

const DEFAULT_LIMIT = 20
const DEFAULT_SNIPPET_WORDS = 24
/** FTS5 gives no longer ones. */
const MAX_SNIPPET_WORDS = 64
interface SearchFlags extends Flags {
  role?: string
  model?: string
  endpoint?: string
  key?: string
  status?: { from: number; to: number }
  limit: number
  snippet: number
  rawQuery?: true
}

export function addSearch(program: Command, context: CommandContext): void {
  const command = program
    .command('search')
    .description('Find messages by their text, the latest first')
    .argument('<query...>', 'words and "quoted phrases" that must all occur; a NEAR/5 b')
  addOptions(command, OUT).option('--raw-query', 'the query is in the syntax of FTS5: OR, NOT, prefix*, role:user')
  addOptions(command.optionsGroup('Filters:'), DAYS, FILTERS)
  addOptions(command.optionsGroup('Output:'), OUTPUT, JSON_OUTPUT)
  command.action((words: string[], flags: SearchFlags) => run(words, flags, context))
  addExamples(command, [
    'logdb search "rate limit" --since 2025-09-01 --status 5xx',
    `logdb search --raw-query '("machine learning" OR AI) AND python' --json | jq -r .result[].request_id`,
  ])
}

function FILTERS(): Option[] {
  return [
    new Option('--role <role>', 'who said it: user, assistant, system, tool, error'),
    new Option('--model <pattern>', 'model asked for or answered by; * matches anything'),
    new Option('--endpoint <pattern>', 'for example /v1/chat/*'),
    new Option('--key <key>', 'hash or name of the API key'),
    new Option('--status <code>', 'for example 200 or 5xx').argParser(parseStatus),
  ]
}

function OUTPUT(): Option[] {
  const snippet = `length of the excerpt, at most ${MAX_SNIPPET_WORDS}`
  return [
    new Option('--limit <n>', 'at most n messages').argParser(parseCount).default(DEFAULT_LIMIT),
    new Option('--snippet <words>', snippet).argParser(parseSnippet).default(DEFAULT_SNIPPET_WORDS),
  ]
}

async function run(words: string[], flags: SearchFlags, context: CommandContext): Promise<void> {
  const { terminal, resolve } = context
  checkDays(flags)
  const { parseQuery, parseRawQuery } = await import('../verbs/search/text-query.ts')
  const query = (flags.rawQuery ? parseRawQuery : parseQuery)(asTyped(words))
  if (query.terms.length === 0) throw configInvalid('the query holds no word', 'name what to search for')
  const { search } = await import('../verbs/search/search.ts')
  const { hitJson, hitText } = await import('../output/search-hits.ts')
  const { out, snippet, rawQuery: _, json: __, ...filter } = flags
  const { hits, warnings } = await search(resolve(out), { ...filter, query, snippetWords: snippet })
  for (const warning of warnings) terminal.err(`${warning}\n`)
  for (const note of noteIfEmpty(context, out)) context.note(note)
  const print = () => {
    for (const hit of hits) terminal.out(hitText(hit, outColors(terminal)))
  }
  end(context, flags, { verb: 'search', result: hits.map(hitJson), warnings, print })
}

/** One argument with spaces, `search "rate limit"`, is several words; only quotes within it make a phrase. */
function asTyped(words: string[]): string {
  return words.join(' ')
}

function parseStatus(text: string): { from: number; to: number } {
  if (/^[1-5]xx$/i.test(text)) return { from: Number(text[0]) * 100, to: Number(text[0]) * 100 + 99 }
  if (/^[1-5]\d\d$/.test(text)) return { from: Number(text), to: Number(text) }
  throw new InvalidArgumentError('expected a status like 200 or 5xx.')
}

function parseSnippet(text: string): number {
  const count = parseCount(text)
  if (count > MAX_SNIPPET_WORDS) throw new InvalidArgumentError(`expected at most ${MAX_SNIPPET_WORDS}.`)
  return count
}
