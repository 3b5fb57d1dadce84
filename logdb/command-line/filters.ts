import { InvalidArgumentError, Option } from 'commander'
import { type Flags, parseCount } from './options.ts'

/** Values of the options that choose requests. */
export interface FilterFlags extends Flags {
  model?: string
  endpoint?: string
  key?: string
  status?: { from: number; to: number }
}

/** Values of the options that choose a part of what is found. */
export interface PageFlags {
  limit: number
  page: number
}

const DEFAULT_LIMIT = 20

/** Of verbs that show some of all requests. */
export function FILTERS(): Option[] {
  return [
    new Option('--model <pattern>', 'model asked for or answered by; * matches anything'),
    new Option('--endpoint <pattern>', 'for example /v1/chat/*'),
    new Option('--key <key>', 'hash or name of the API key'),
    new Option('--status <code>', 'for example 200 or 5xx').argParser(parseStatus),
  ]
}

/** @param what is shown, for the help */
export function pageOptions(what: string): () => Option[] {
  return () => [
    new Option('--limit <n>', `at most n ${what}`).argParser(parseCount).default(DEFAULT_LIMIT),
    new Option('--page <n>', `after the first pages of that many ${what}`).argParser(parseCount).default(1),
  ]
}

/** The filters, for the library. */
export function filterOf({ since, to, model, endpoint, key, status }: FilterFlags) {
  return { since, to, model, endpoint, key, status }
}

/** What to type for more, after what was found. */
export function moreNote({ limit, page }: PageFlags): string {
  return page === 1 ? `more: --limit ${2 * limit} or --page 2` : `more: --page ${page + 1}`
}

/** 200, or 5xx for 500 to 599. @throws InvalidArgumentError */
export function parseStatus(text: string): { from: number; to: number } {
  if (/^[1-5]xx$/i.test(text)) return { from: Number(text[0]) * 100, to: Number(text[0]) * 100 + 99 }
  if (/^[1-5]\d\d$/.test(text)) return { from: Number(text), to: Number(text) }
  throw new InvalidArgumentError('expected a status like 200 or 5xx.')
}
