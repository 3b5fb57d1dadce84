import { type Command, Option } from 'commander'
import { linesWithoutControls, outColors } from '../../kit/cli/terminal.ts'
import type { CommandContext } from '../command-line/context.ts'
import { end } from '../command-line/ending.ts'
import { addExamples, addOptions, type Flags, JSON_OUTPUT, OUT, PAGED, ZONE } from '../command-line/options.ts'
import { skipping } from '../command-line/skipped-partitions.ts'
import type { Turn } from '../conversation/turns.ts'
import type { ShownRequest } from '../output/request-text.ts'
import type { RequestDetails } from '../store/partition/requests.ts'
import type { DamagedPartition } from '../store/sqlite/damage.ts'

interface ShowFlags extends Flags {
  response?: true
  code?: true
  raw?: true
}

export function addShow(program: Command, context: CommandContext): void {
  const one = program
    .command('show')
    .description('Print requests and their answers in readable form')
    .argument('<ids...>', 'request ids, the beginnings of some, or the x-request-ids that the gateway gave')
  addOptions(one, OUT).optionsGroup('Output:')
  addOptions(one, WHICH_PART, JSON_OUTPUT, ZONE, PAGED)
  one.action((ids: string[], flags: ShowFlags) => show(ids, flags, context))
  addExamples(one, [
    'logdb show 3fa2c9',
    'logdb show 3fa2c9 --code > main.py',
    'logdb show 3fa2c9 --raw --response | jq .',
  ])
  const all = program
    .command('dialog')
    .description('Print the requests of a dialog, each with what it adds')
    .argument('<id>', 'dialog id, or the id of a request: then the requests that continue the same conversation')
  addOptions(all, OUT, JSON_OUTPUT, ZONE, PAGED).action((id: string, flags: Flags) => dialog(id, flags, context))
  addExamples(all, ['logdb dialog 3fa2c9'])
}

function WHICH_PART(): Option[] {
  return [
    new Option('--response', 'only the text of the answer'),
    new Option('--code', 'only the code blocks of the answer').conflicts(['response', 'raw', 'json']),
    new Option('--raw', 'the bodies as JSON, one a line; with --response only that of the answer').conflicts('json'),
  ]
}

async function show(ids: string[], flags: ShowFlags, context: CommandContext): Promise<void> {
  const { terminal, resolve } = context
  const { findRequest } = await import('../conversation/find-requests.ts')
  const found: RequestDetails[] = []
  const damaged: DamagedPartition[] = []
  for (const id of ids) found.push(await findRequest(resolve(flags.out), id, damaged))
  const documents = await Promise.all(found.map(documentOf))
  const texts = await Promise.all(found.map((details) => partText(details, flags, context)))
  end(context, flags, {
    verb: 'show',
    result: documents.length === 1 ? documents[0] : documents,
    print: () => terminal.out(texts.filter((text) => text !== '').join(flags.raw ? '' : '\n')),
    notes: flags.code && texts.every((text) => text === '') ? ['the answer has no code block'] : [],
    ...skipping(damaged, terminal),
  })
}

/** What the flags ask for. Only on a terminal control characters are replaced: what is saved stays as it was. */
async function partText(details: RequestDetails, flags: ShowFlags, { terminal }: CommandContext): Promise<string> {
  const { request_json, response_json } = details
  const safe = (text: string) => (terminal.isOutTty ? linesWithoutControls(text) : text)
  if (flags.raw) return safe(`${flags.response ? '' : `${request_json}\n`}${response_json}\n`)
  const { answers, shown } = await partsOf(details)
  if (flags.response || flags.code) {
    const { answerText, codeBlocks } = await import('../conversation/answer-text.ts')
    const text = answerText(answers)
    return safe(flags.code ? codeBlocks(text).join('\n') : text)
  }
  const { requestText } = await import('../output/request-text.ts')
  return requestText(shown, outColors(terminal), flags.tz ?? 'UTC')
}

async function partsOf(details: RequestDetails): Promise<{ answers: Turn[]; shown: ShownRequest }> {
  const { parseBody, requestTurns, responseTurns } = await import('../conversation/turns.ts')
  const { offeredTools, requestParameters } = await import('../conversation/parameters.ts')
  const request = parseBody(details.request_json)
  const answers = responseTurns(parseBody(details.response_json))
  const turns = [...requestTurns(request), ...answers]
  return { answers, shown: { details, turns, parameters: requestParameters(request), tools: offeredTools(request) } }
}

/** For --json. */
async function documentOf(details: RequestDetails) {
  const { parseBody } = await import('../conversation/turns.ts')
  const { shown } = await partsOf(details)
  const [request, response] = [parseBody(details.request_json), parseBody(details.response_json)]
  return { ...facts(details), request, response, turns: shown.turns }
}

/** Prints each request as soon as it is read; a dialog may be long. */
async function dialog(id: string, flags: Flags, context: CommandContext): Promise<void> {
  const { terminal, resolve } = context
  const { findDialog } = await import('../conversation/find-requests.ts')
  const { Thread } = await import('../conversation/thread.ts')
  const { parseBody } = await import('../conversation/turns.ts')
  const { stepText } = await import('../output/request-text.ts')
  const look = { colors: outColors(terminal), timeZone: flags.tz ?? 'UTC' }
  const thread = new Thread()
  const ids: string[] = []
  const result: unknown[] = []
  const damaged: DamagedPartition[] = []
  for (const details of await findDialog(resolve(flags.out), id, damaged)) {
    const step = thread.add(parseBody(details.request_json), parseBody(details.response_json))
    ids.push(details.request_id)
    if (!flags.json) terminal.out(stepText(details, step, ids.length, look))
    else {
      const turns = [...step.turns, ...step.answers]
      result.push({ ...facts(details), goes_on_from: ids[step.after ?? -1] ?? null, turns })
    }
  }
  end(context, flags, { verb: 'dialog', result, print: () => {}, ...skipping(damaged, terminal) })
}

function facts({ request_json: _, response_json: __, ...rest }: RequestDetails) {
  return rest
}
